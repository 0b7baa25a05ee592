"""Files for others: assessment sheets, plan tables, and all that `products` lists."""

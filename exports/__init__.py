"""Files for others: assessment sheets, plan tables."""

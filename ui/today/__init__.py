"""My day: what is assigned to me, where I am, what comes next, and what was done."""

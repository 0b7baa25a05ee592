"""The three-year plan: which communities, how far, in which year, with which money."""

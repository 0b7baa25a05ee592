"""The review workspace: what the rules found, on the map and as a list, and what becomes of it."""

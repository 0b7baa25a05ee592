"""The manual in the program, tips on first use, and the tutorial."""

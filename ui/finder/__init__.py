"""One line that finds everything: places, answers, commands, keys."""

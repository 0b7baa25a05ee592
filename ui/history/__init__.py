"""The past of records beside every workspace: history, what was deleted, undo."""

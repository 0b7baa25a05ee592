"""Sync and conflicts in the window."""

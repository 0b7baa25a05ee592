"""Exports in the window: sheets with a preview, the plan."""

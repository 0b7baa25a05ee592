"""Projects in the window: open, new, import."""

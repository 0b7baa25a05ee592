"""The receiver in the window: choose it, see how good it is, use it for points."""

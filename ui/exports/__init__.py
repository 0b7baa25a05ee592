"""Exports in the window: what, for whom, a preview; signing and checking."""

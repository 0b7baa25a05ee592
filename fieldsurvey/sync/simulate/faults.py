"""Planted."""
FAULTS = {}

"""Planted."""

FAULTS = {}

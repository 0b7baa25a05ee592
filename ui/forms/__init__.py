"""Filling in forms beside the map."""

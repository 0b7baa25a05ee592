"""Geometry and coordinates: blobs, reference systems, measures."""

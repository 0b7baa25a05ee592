"""The map canvas and what stands around it."""

"""Where the surveyor stands: receivers, their sentences, fixes, averages."""

"""The plan workspace: board, scores, money, progress, lifts, numbers."""

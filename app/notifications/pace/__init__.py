"""Pace: how fast pushes may leave, for all workers together, and whose turn it is."""

"""Reach: on how many phones the call of a meeting is, and whom to ring up."""

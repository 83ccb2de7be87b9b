"""Reach: how far a notice has come among those it is for."""

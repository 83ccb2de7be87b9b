"""Digests: one push that stands for many notices, instead of a burst."""

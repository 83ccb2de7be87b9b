"""Summaries: a year in figures, of a member and of a branch."""

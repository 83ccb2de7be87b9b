"""Figures for committees: how the handbook is used, how branches meet, who is admitted, rated and away."""

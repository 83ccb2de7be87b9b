"""Reorganisations: merge, split, move, dissolve and rename organisations on a day, planned ahead and previewed."""

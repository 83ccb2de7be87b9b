"""Reviews of probations, which fall due at their end."""

"""The plumbing every feature stands on; it knows no feature."""

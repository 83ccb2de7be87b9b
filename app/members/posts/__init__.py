"""Posts: who holds which office in an organisation, and from when to when."""

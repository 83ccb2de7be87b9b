"""Deliveries as an administrator sees them: what became of each, and dead letters sent anew."""

"""Leases: the deliveries that a worker holds while it sends them."""

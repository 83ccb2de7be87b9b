"""Dismissals: notices taken off the phones they were pushed to."""

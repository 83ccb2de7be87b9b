"""Lanes: what is known of the way to each platform's phones, shared by all workers."""

"""Ballots: one's own, open or secret, and hands raised in the room."""

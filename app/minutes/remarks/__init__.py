"""Remarks: what those who took part have to say of the draft, and what came of it."""

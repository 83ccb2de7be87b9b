"""Yearly ratings of members."""

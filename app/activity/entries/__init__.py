"""Entries of one's own: written by the member, confirmed or returned by the secretary."""

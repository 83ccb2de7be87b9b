"""Notices of years ago leave the inboxes."""

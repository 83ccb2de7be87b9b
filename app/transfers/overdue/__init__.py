"""Reminders of transfers that nobody decides."""

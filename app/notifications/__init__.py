"""Notifications: inbox, preferences, deliveries to phones."""

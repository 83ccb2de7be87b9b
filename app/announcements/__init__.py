"""Announcements: from an organisation to its subtree or a part of it, read by fan-out on read."""

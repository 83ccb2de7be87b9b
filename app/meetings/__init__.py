"""Meetings: the branch meeting from draft to end, replies, reminders."""

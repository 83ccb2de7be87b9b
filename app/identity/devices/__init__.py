"""Devices: the installations that can be pushed to."""

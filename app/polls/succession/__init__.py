"""Polls not yet opened go with what they are about."""

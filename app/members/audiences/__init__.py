"""Audiences: the people at or below an organisation, or a part of them, without a list of them."""

"""Transfers that are open, and stays that go on, go with what becomes of their branches."""

"""Proxy contacts: whom the branch asks when it cannot reach a member."""

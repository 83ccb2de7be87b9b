"""Transfers: from branch to branch for good or for a time, confirmed by both sides, with their clock."""

"""Resolutions: drafts in versions, comments and answers, adoption."""

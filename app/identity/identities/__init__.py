"""Identities at providers (OpenID Connect) that sign in to an account."""

"""Proofs: what a sign-in is judged by beside the password."""

"""Plans of admission."""

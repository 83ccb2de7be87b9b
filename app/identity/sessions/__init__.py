"""Sessions: begun, refreshed, listed and ended; their refresh tokens are one family."""

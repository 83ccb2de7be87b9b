"""Papers of what is handed over go along with it."""

"""Identity: accounts, sessions, devices; a bearer token becomes an Actor."""

"""Who viewed whose record, for the one it is about (reliability-security.md 19)."""

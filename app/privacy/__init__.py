"""Privacy: the export of one's data, consents, corrections, how long things are kept, erasure."""

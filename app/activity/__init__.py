"""Activity: what a member and a branch took part in, read from the facts, and entries of one's own."""

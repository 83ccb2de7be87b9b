"""How long things are kept: one table of rules, and the nightly purge that follows it."""

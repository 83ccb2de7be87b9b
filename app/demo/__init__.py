"""The demonstration: one commune with two branches, made anew on an empty database."""

"""Moves: all or some members of a branch go to another one on one day, by a reorganisation."""

"""Organisations: the dated tree from the Central Committee down to the branch."""

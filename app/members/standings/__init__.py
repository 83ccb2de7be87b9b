"""Standings: the dated rows of membership, written for the features that decide about them."""

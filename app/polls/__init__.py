"""Polls: electorate, ballots and tally, open or secret."""

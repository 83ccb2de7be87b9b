"""The calendar feed: a secret address that calendar programs fetch the times and places of one's meetings from."""

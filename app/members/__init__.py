"""Members: the person, the card, the standing, posts held, time away, rosters imported."""

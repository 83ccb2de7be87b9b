"""Minutes: composed from agenda, roll, polls and tasks, agreed upon, approved, published."""

"""People who are on record twice, it seems: found, and told apart by somebody who knows."""

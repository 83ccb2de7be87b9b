"""Succession: one organisation takes the place of another, or hangs elsewhere, from a day on."""

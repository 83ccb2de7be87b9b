"""The roll: the roster frozen at the start, attendance by secretary or code, guests, and the head counts."""

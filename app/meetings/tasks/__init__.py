"""Tasks that a meeting gives out: assignee, deadline, and the next agenda that carries them while they are open."""

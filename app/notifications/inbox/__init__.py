"""The inbox: a member's notices, which their phone asks for whenever it opens."""

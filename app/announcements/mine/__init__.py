"""Mine: what is said to a member today, which their phone asks for whenever it opens."""

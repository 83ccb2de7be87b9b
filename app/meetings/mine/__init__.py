"""Mine: the meetings a member is called to, which their phone asks for whenever it opens."""

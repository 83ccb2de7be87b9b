"""All that the service keeps about a member, handed to that member."""

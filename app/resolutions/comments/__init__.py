"""Comments on drafts: written by members, supported, answered."""

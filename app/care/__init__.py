"""Care for members away: how each fares, a nudge, somebody to ask when nobody reaches them (domain.md 7, 9)."""

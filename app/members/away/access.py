"""Who knows and writes down that a member is away."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import Actor, NotForYourPost
from app.members.access import Facet, facets_of_member


def knows_away(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> bool:
    """Say whether it is the member, an organiser of the branch, or an administrator of it or above it."""
    return Facet.away in facets_of_member(actor, member_id, path)


def require_away_keeper(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> None:
    """Let pass whoever knows of it; the event names who wrote it for the member (domain.md 7)."""
    if not knows_away(actor, member_id, path):
        raise NotForYourPost

"""Who sees a resolution, who comments on it, who writes it and who decides."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import COMMITTEE, LEADERS, OFFICERS, ORGANISERS, Actor, NotForYourPost
from app.resolutions.errors import ResolutionNotFound
from app.resolutions.models import ResolutionStatus


def organises(actor: Actor, organisation_id: UUID) -> bool:
    """Secretary, deputy and minute-taker of the organisation itself write its drafts."""
    return actor.holds_in(organisation_id, ORGANISERS)


def takes_part(actor: Actor, organisation_id: UUID, *, is_guest: bool) -> bool:
    """Say whether the actor reads drafts and comments: members, guests, organisers, and whoever has a committee seat.

    Probationary members too, who have every right except to vote (domain.md 18).
    """
    return actor.belonged_to(organisation_id) or is_guest or actor.holds_in(organisation_id, ORGANISERS | COMMITTEE)


def oversees(actor: Actor, path: Sequence[UUID]) -> bool:
    """Officers above see adopted resolutions and counts, never drafts nor comments (reliability-security.md 14)."""
    return actor.holds_above(path, OFFICERS)


def sees(actor: Actor, status: ResolutionStatus, path: Sequence[UUID], *, is_guest: bool) -> bool:
    """Say whether the caller may know of one of the organisation at the path's end; a draft is for organisers only."""
    if organises(actor, path[-1]):
        return True
    if takes_part(actor, path[-1], is_guest=is_guest):
        return status is not ResolutionStatus.draft
    return oversees(actor, path) and status is ResolutionStatus.adopted


def require_visible(actor: Actor, status: ResolutionStatus, path: Sequence[UUID], *, is_guest: bool) -> None:
    """Raise ResolutionNotFound where the caller may not know of it."""
    if not sees(actor, status, path, is_guest=is_guest):
        raise ResolutionNotFound


def require_part(actor: Actor, organisation_id: UUID, *, is_guest: bool) -> None:
    """Raise NotForYourPost for officers above: they see what was adopted, not how it came about."""
    if not takes_part(actor, organisation_id, is_guest=is_guest):
        raise NotForYourPost


def require_organiser(actor: Actor, organisation_id: UUID) -> None:
    """Raise NotForYourPost where the caller does not write the organisation's drafts."""
    if not organises(actor, organisation_id):
        raise NotForYourPost


def require_leader(actor: Actor, organisation_id: UUID) -> None:
    """Raise NotForYourPost where the caller is not secretary or deputy: they open, close, answer and decide."""
    if not actor.holds_in(organisation_id, LEADERS):
        raise NotForYourPost

"""Who writes an announcement, who reads it, who sees how far it has come."""

from collections.abc import Sequence
from uuid import UUID

from app.announcements.errors import AnnouncementNotFound, OrganisationNotYoursToAddress
from app.announcements.models import Announcement, AnnouncementStatus
from app.kernel.security import OFFICERS, ORGANISERS, Actor, NotForYourPost


def writes(actor: Actor, organisation_id: UUID) -> bool:
    """Say whether the actor speaks for this very organisation: a post above or below gives no right to."""
    return actor.holds_in(organisation_id, OFFICERS)


def follows(actor: Actor, path: Sequence[UUID]) -> bool:
    """Say whether the actor sees how far it has come: its authors, the minute-taker beside them, officers above."""
    return actor.holds_in(path[-1], OFFICERS | ORGANISERS) or actor.holds_above(path, OFFICERS)


def sees(actor: Actor, status: AnnouncementStatus, path: Sequence[UUID], *, is_addressed: bool) -> bool:
    """Say whether the caller may know of one of the organisation at the path's end: its authors, or once published."""
    if writes(actor, path[-1]):
        return True
    return status is AnnouncementStatus.published and (is_addressed or follows(actor, path))


def require_visible(actor: Actor, announcement: Announcement, path: Sequence[UUID], *, is_addressed: bool) -> None:
    """Raise AnnouncementNotFound where the caller may not know of it."""
    if not sees(actor, announcement.status, path, is_addressed=is_addressed):
        raise AnnouncementNotFound


def require_speaker(actor: Actor, organisation_id: UUID) -> None:
    """Raise OrganisationNotYoursToAddress: leaders speak for the organisation that they lead, and for no other."""
    if not writes(actor, organisation_id):
        raise OrganisationNotYoursToAddress


def require_author(actor: Actor, organisation_id: UUID) -> None:
    """Raise NotForYourPost where the caller reads it and does not write it."""
    if not writes(actor, organisation_id):
        raise NotForYourPost


def require_follower(actor: Actor, path: Sequence[UUID]) -> None:
    """Raise NotForYourPost where the caller reads it and is not told who else did."""
    if not follows(actor, path):
        raise NotForYourPost

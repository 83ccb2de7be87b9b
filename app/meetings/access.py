"""Who sees a meeting, and who calls it."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import OFFICERS, ORGANISERS, Actor, NotForYourPost
from app.meetings.errors import MeetingNotFound
from app.meetings.models import Meeting, MeetingStatus


def organises(actor: Actor, organisation_id: UUID) -> bool:
    """Secretary, deputy and minute-taker of the branch itself; a post above gives no right to call its meetings."""
    return actor.holds_in(organisation_id, ORGANISERS)


def oversees(actor: Actor, path: Sequence[UUID]) -> bool:
    """Officers above see when a branch meets and how many come, never drafts nor reasons (reliability-security.md)."""
    return actor.holds_above(path, OFFICERS)


def sees(actor: Actor, status: MeetingStatus, path: Sequence[UUID], *, is_called: bool) -> bool:
    """Say whether the caller may know of a meeting of the organisation at the path's end.

    A meeting is known to whom it calls, to the organisers and to officers above; a draft to organisers only.
    """
    if organises(actor, path[-1]):
        return True
    return status is not MeetingStatus.draft and (is_called or oversees(actor, path))


def require_visible(actor: Actor, meeting: Meeting, path: Sequence[UUID], *, is_called: bool) -> None:
    """Raise MeetingNotFound where the caller may not know of it."""
    if not sees(actor, meeting.status, path, is_called=is_called):
        raise MeetingNotFound


def require_organiser(actor: Actor, organisation_id: UUID) -> None:
    """Raise NotForYourPost where the caller sees the branch but does not call its meetings.

    Who said what, and why somebody cannot come, is for organisers too.
    """
    if not organises(actor, organisation_id):
        raise NotForYourPost


def require_follower(actor: Actor, path: Sequence[UUID]) -> None:
    """Raise NotForYourPost where the caller sees the meeting and is not told how far its call has come."""
    if not (organises(actor, path[-1]) or oversees(actor, path)):
        raise NotForYourPost

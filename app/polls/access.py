"""Who sees a poll, and who runs it."""

from collections.abc import Sequence
from uuid import UUID

from app.kernel.security import OFFICERS, ORGANISERS, Actor, NotForYourPost
from app.polls.errors import PollNotFound
from app.polls.models import Poll, PollStatus


def organises(actor: Actor, organisation_id: UUID) -> bool:
    """Secretary, deputy and minute-taker of the branch itself run its polls."""
    return actor.holds_in(organisation_id, ORGANISERS)


def oversees(actor: Actor, path: Sequence[UUID]) -> bool:
    """Officers above see the figures of closed polls, never names (reliability-security.md 14)."""
    return actor.holds_above(path, OFFICERS)


def sees(actor: Actor, status: PollStatus, path: Sequence[UUID], *, is_called: bool) -> bool:
    """Say whether the caller may know of a poll of the organisation at the path's end.

    A draft is for organisers; an opened poll for whom it calls too, a closed one for officers above as well.
    """
    if organises(actor, path[-1]):
        return True
    called = is_called and status is not PollStatus.draft
    counted = status is PollStatus.closed and oversees(actor, path)
    return called or counted


def require_visible(actor: Actor, poll: Poll, path: Sequence[UUID], *, is_called: bool) -> None:
    """Raise PollNotFound where the caller may not know of it."""
    if not sees(actor, poll.status, path, is_called=is_called):
        raise PollNotFound


def require_organiser(actor: Actor, organisation_id: UUID) -> None:
    """Raise NotForYourPost where the caller sees the poll but does not run it."""
    if not organises(actor, organisation_id):
        raise NotForYourPost


def require_insider(actor: Actor, organisation_id: UUID, *, is_called: bool) -> None:
    """Raise NotForYourPost where the caller sees the figures of a poll, but is not of those it calls."""
    if not (is_called or organises(actor, organisation_id)):
        raise NotForYourPost

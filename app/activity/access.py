"""Who reads a branch's log and figures, and who judges its members' entries (reliability-security.md 14)."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from app.activity.errors import ActivityEntryNotFound, OwnActivityEntry
from app.activity.models import ActivityEntry
from app.kernel.security import LEADERS, OFFICERS, ORGANISERS, Actor, NotForYourPost, PostKind


class Reading(StrEnum):
    """As whom somebody reads an organisation's log."""

    leader = "leader"
    """Secretary and deputy of it: facts in words, with names."""
    organiser = "organiser"
    """The minute-taker: the same, but for what only those know who keep the records."""
    auditor = "auditor"
    """The whole log as codes, subjects, times and ids; no titles, no names."""
    officer = "officer"
    """Officers of it or above it: what was published or can be counted, without names."""


def reading_of_log(actor: Actor, path: Sequence[UUID]) -> Reading:
    """Return as whom the caller reads the log; raises NotForYourPost for members and administrators."""
    if actor.holds_in(path[-1], LEADERS):
        return Reading.leader
    if actor.holds_in(path[-1], ORGANISERS):
        return Reading.organiser
    if actor.holds_over(path, {PostKind.auditor}):
        return Reading.auditor
    if actor.holds_over(path, OFFICERS):
        return Reading.officer
    raise NotForYourPost


def reads_names(actor: Actor, path: Sequence[UUID]) -> bool:
    """Say whether the caller sees each member's figures, or as an officer their totals only.

    Raises NotForYourPost for members, administrators and auditors.
    """
    if actor.holds_in(path[-1], ORGANISERS):
        return True
    if actor.holds_over(path, OFFICERS):
        return False
    raise NotForYourPost


def require_leader(actor: Actor, organisation_id: UUID) -> None:
    """Let pass the secretary and the deputy of the branch itself."""
    if not actor.holds_in(organisation_id, LEADERS):
        raise NotForYourPost


def sees(actor: Actor, entry: ActivityEntry) -> bool:
    """Say it of the one who wrote it and of the leaders of their branch."""
    return entry.member_id == actor.member_id or actor.holds_in(entry.organisation_id, LEADERS)


def require_visible(actor: Actor, entry: ActivityEntry) -> None:
    """Raise ActivityEntryNotFound for anybody else."""
    if not sees(actor, entry):
        raise ActivityEntryNotFound


def require_author(actor: Actor, entry: ActivityEntry) -> None:
    """Let pass the one who wrote it: a leader judges an entry, and changes no word of it."""
    if entry.member_id != actor.member_id:
        raise NotForYourPost


def require_judge(actor: Actor, entry: ActivityEntry) -> None:
    """Let pass whoever sees it and did not write it: a leader of the branch."""
    if entry.member_id == actor.member_id:
        raise OwnActivityEntry

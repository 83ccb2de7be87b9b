"""Reads of the roll: the whole of it for organisers, one's own line for members, numbers for officers above."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, and_, any_, bindparam, or_, select

from app.kernel.context import meet
from app.kernel.db import Session
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.attendance import Tally, suggest
from app.meetings.codes import STEP_SECONDS, begin_of, make_code, step_at
from app.meetings.convening.queries import asker, is_asker_called
from app.meetings.errors import MeetingNotBegun, MeetingNotInSession
from app.meetings.models import (
    BEGUN,
    Attendance,
    Meeting,
    MeetingGuest,
    MeetingReply,
    MeetingStatus,
    RosterEntry,
)
from app.meetings.queries import find_visible_meetings, get_visible_meeting, rules_of, tally_rosters
from app.meetings.roll.schemas import CheckInCode, GuestView, Quorum, RollCounts, RollEntryView, RollView
from app.members.models import Member


async def list_roster(session: Session, meeting_id: UUID) -> list[RollEntryView]:
    """Return everybody on a meeting's roster by name, with standing, reply and attendance; temporary guests too.

    Whom it may be shown to is the caller's to judge: notes and reasons are for organisers. Empty before the start.
    """
    return (await _entries(session, RosterEntry.meeting_id == meeting_id))[meeting_id]


async def get_roll(session: Session, actor: Actor, meeting_id: UUID) -> RollView:
    """Return the roll as far as the caller may know it; raises MeetingNotFound, MeetingNotBegun."""
    meeting, _ = await get_visible_meeting(session, actor, meeting_id)
    if meeting.status not in BEGUN:
        raise MeetingNotBegun
    return await view_roll(session, actor, meeting)


async def find_rolls(session: Session, actor: Actor, ids: Collection[UUID]) -> list[RollView]:
    """Return the rolls of those of the meetings that have begun and that the caller may know of."""
    meetings = await find_visible_meetings(session, actor, ids)
    return await _view_rolls(session, actor, [meeting for meeting in meetings if meeting.status in BEGUN])


async def view_roll(session: Session, actor: Actor, meeting: Meeting) -> RollView:
    """Return the roll of a meeting that has begun and that the caller is known to see."""
    await session.flush()
    return (await _view_rolls(session, actor, [meeting]))[0]


async def _view_rolls(session: Session, actor: Actor, meetings: Sequence[Meeting]) -> list[RollView]:
    ids = [meeting.id for meeting in meetings]
    organised = {meeting.id for meeting in meetings if access.organises(actor, meeting.organisation_id)}
    entries = await _entries(session, RosterEntry.meeting_id.in_(organised)) if organised else {}
    if len(organised) < len(ids):
        entries |= await _own_entries(session, actor, RosterEntry.meeting_id.in_(set(ids) - organised))
    guests: dict[UUID, list[GuestView]] = defaultdict(list)
    given = {**asker(actor, session.today()), "ids": ids, "organised": list(organised)}
    for guest in await session.scalars(_select_guests(), given):
        guests[guest.meeting_id].append(GuestView.model_validate(guest))
    tallies = await tally_rosters(session, ids)
    return [
        _view(meeting, entries.get(meeting.id, []), guests[meeting.id], counted=tallies[meeting.id])
        for meeting in meetings
    ]


# Made once: to put it together takes longer than to answer it.
@cache
def _select_guests() -> Select[MeetingGuest]:
    of, organised = (
        MeetingGuest.meeting_id == any_(bindparam(name, type_=ARRAY(Uuid()))) for name in ("ids", "organised")
    )
    return (
        select(MeetingGuest)
        .join(Meeting, Meeting.id == MeetingGuest.meeting_id)
        # Officers above learn no names (reliability-security.md 14).
        .where(of, or_(is_asker_called(), organised))
        .order_by(MeetingGuest.id)
    )


def _view(meeting: Meeting, entries: list[RollEntryView], guests: list[GuestView], *, counted: Tally) -> RollView:
    rules = rules_of(meeting)
    return RollView(
        id=meeting.id,
        version=meeting.roll_version,
        status=meeting.status,
        entries=entries,
        guests=guests,
        counts=RollCounts(
            total=counted.total,
            **{kind.value: counted.of(kind) for kind in Attendance},
            not_taken=counted.not_taken,
            rate=None if counted.rate is None else round(float(counted.rate), 4),
            band=None if counted.rate is None else rules.attendance_band(counted.rate).code,
        ),
        quorum=Quorum(
            needed_share=round(float(rules.quorum), 4),
            present_count=counted.present,
            reached=counted.has_quorum(rules),
        ),
    )


async def find_own_entry(session: Session, actor: Actor, meeting_id: UUID) -> RollEntryView | None:
    """Return the caller's own line without the organisers' note, or None where they are not on the roster."""
    found = (await _own_entries(session, actor, RosterEntry.meeting_id == meeting_id))[meeting_id]
    return found[0] if found else None


async def get_check_in_code(session: Session, actor: Actor, meeting_id: UUID) -> CheckInCode:
    """Return what the screen shows now; raises MeetingNotFound, NotForYourPost, MeetingNotInSession."""
    meeting, _ = await get_visible_meeting(session, actor, meeting_id)
    access.require_organiser(actor, meeting.organisation_id)
    if meeting.status is not MeetingStatus.in_session or meeting.check_in_secret is None:
        raise MeetingNotInSession
    step = step_at(session.now())
    return CheckInCode(
        code=make_code(meeting.check_in_secret, meeting.id, step),
        valid_until=begin_of(step + 1),
        step_seconds=STEP_SECONDS,
    )


async def _own_entries(
    session: Session, actor: Actor, which: ColumnElement[bool]
) -> defaultdict[UUID, list[RollEntryView]]:
    found = await _entries(session, and_(which, RosterEntry.member_id == actor.member_id))
    for entries in found.values():
        entries[:] = [entry.model_copy(update={"note": None}) for entry in entries]
    return found


async def _entries(session: Session, which: ColumnElement[bool]) -> defaultdict[UUID, list[RollEntryView]]:
    """Return lines of rosters, which the caller is known to see, by their meetings."""
    lines = (
        select(
            RosterEntry,
            Member.full_name,
            MeetingReply.reply,
            MeetingReply.reason,
            (MeetingReply.schedule_version >= Meeting.day_version).label("is_of_this_day"),
        )
        .join(Meeting, Meeting.id == RosterEntry.meeting_id)
        .outerjoin(Member, Member.id == RosterEntry.member_id)
        .outerjoin(
            MeetingReply,
            and_(
                MeetingReply.meeting_id == RosterEntry.meeting_id,
                MeetingReply.member_id == RosterEntry.member_id,
            ),
        )
        .where(which)
        .order_by(Member.sort_key, Member.id)
    )
    rows = (await session.execute(lines)).all()
    # Whose stay was taken back on its day is led to by nothing but this line.
    unmet = [row.RosterEntry.member_id for row in rows if row.full_name is None]
    if unmet:
        await meet(session, unmet)
        rows = (await session.execute(lines)).all()
    found: defaultdict[UUID, list[RollEntryView]] = defaultdict(list)
    for entry, full_name, reply, reason, is_of_this_day in rows:
        found[entry.meeting_id].append(
            RollEntryView(
                member_id=entry.member_id,
                full_name=full_name,
                standing=entry.standing,
                is_exempt=entry.is_exempt,
                is_away=entry.is_away,
                reply=reply,
                reply_reason=reason,
                suggested=suggest(
                    is_exempt=entry.is_exempt, is_away=entry.is_away, reply=reply if is_of_this_day else None
                ),
                attendance=entry.attendance,
                source=entry.source,
                checked_in_at=entry.checked_in_at,
                arrived_offline=entry.arrived_offline,
                entered_by=entry.entered_by,
                note=entry.note,
            )
        )
    return found

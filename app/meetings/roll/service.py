"""Commands of the roll: it opens with the meeting, is taken by secretary or code, and closes with it."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, insert, literal, select

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.security import LEADERS, Actor
from app.meetings import access
from app.meetings.attendance import suggest
from app.meetings.codes import SECRET_BYTES, begin_of, read_code, step_at
from app.meetings.convening.queries import convened_to, require_on_roster
from app.meetings.errors import (
    CheckInCodeExpired,
    CheckInCodeInvalid,
    GuestNotFound,
    MeetingNotBegun,
    MeetingNotInSession,
    MeetingNotUpcoming,
    NotConvened,
    RollClosed,
)
from app.meetings.events import (
    GuestEntered,
    GuestRemoved,
    MeetingEnded,
    MeetingStarted,
    MemberCheckedIn,
    RollEvent,
    RollTaken,
)
from app.meetings.models import (
    BEGUN,
    ROLL_OPEN,
    UPCOMING,
    Attendance,
    Meeting,
    MeetingGuest,
    MeetingKind,
    MeetingReply,
    MeetingStatus,
    RollSource,
    RosterEntry,
    RosterStanding,
)
from app.meetings.queries import get_visible_meeting, view_meeting
from app.meetings.roll.queries import find_own_entry, view_roll
from app.meetings.roll.schemas import (
    CheckIn,
    GuestView,
    GuestWrite,
    MeetingStart,
    RollEntryView,
    RollReplace,
    RollView,
)
from app.meetings.schemas import MeetingView
from app.members.models import Standing, StandingKind
from app.members.queries import holds_on
from app.notifications.service import withdraw_notices
from app.rules import rules_in_force

GRACE_STEPS = 1
"""How many steps after its own a code is still taken: for a slow camera and a slow network."""


async def start_meeting(session: Session, actor: Actor, meeting_id: UUID, body: MeetingStart) -> MeetingView:
    """Open the meeting: replies are closed, the roster is frozen, and the day's rule set is kept with it.

    Raises MeetingNotUpcoming, and NotOnRoster for a chair or minute-taker who is not convened.
    """
    meeting, path = await _for_change(session, actor, meeting_id)
    if meeting.status not in UPCOMING:
        raise MeetingNotUpcoming
    await _freeze_roster(session, meeting)
    named = {"/chair_id": body.chair_id, "/minute_taker_id": body.minute_taker_id}
    await require_on_roster(session, meeting, {pointer: person for pointer, person in named.items() if person})
    leads = actor.holds_in(meeting.organisation_id, LEADERS)
    meeting.chair_id = body.chair_id or (actor.member_id if leads else None)
    meeting.minute_taker_id = body.minute_taker_id
    meeting.rule_set = rules_in_force(session.today()).key
    meeting.check_in_secret = secrets.token_bytes(SECRET_BYTES)
    meeting.status = MeetingStatus.in_session
    meeting.started_at = session.now()
    meeting.version += 1
    await withdraw_notices(session, subject_id=meeting.id)
    await record(
        session,
        MeetingStarted(
            organisation_id=meeting.organisation_id,
            subject_id=meeting.id,
            actor_member_id=actor.member_id,
            version=meeting.version,
            roll_version=meeting.roll_version,
        ),
    )
    return await view_meeting(session, actor, meeting.id, path=path)


async def end_meeting(session: Session, actor: Actor, meeting_id: UUID) -> MeetingView:
    """Close the meeting: whoever the roll says nothing of was exempt, excused or unexcused, as `suggest` says.

    The secretary corrects that afterwards where it is wrong. Raises MeetingNotInSession.
    """
    meeting, path = await _for_change(session, actor, meeting_id)
    if meeting.status is not MeetingStatus.in_session:
        raise MeetingNotInSession
    rows = await session.execute(
        select(RosterEntry, MeetingReply.reply)
        .outerjoin(
            MeetingReply,
            and_(
                MeetingReply.meeting_id == RosterEntry.meeting_id,
                MeetingReply.member_id == RosterEntry.member_id,
                # Who could not come on another day has not excused themself for this one.
                MeetingReply.schedule_version >= meeting.day_version,
            ),
        )
        .where(RosterEntry.meeting_id == meeting.id, RosterEntry.attendance.is_(None))
    )
    for entry, reply in rows:
        suggested = suggest(is_exempt=entry.is_exempt, is_away=entry.is_away, reply=reply)
        entry.attendance = suggested or Attendance.unexcused
    meeting.status = MeetingStatus.ended
    meeting.ended_at = session.now()
    meeting.version += 1
    meeting.roll_version += 1
    await record(
        session,
        MeetingEnded(
            organisation_id=meeting.organisation_id,
            subject_id=meeting.id,
            actor_member_id=actor.member_id,
            version=meeting.version,
            roll_version=meeting.roll_version,
        ),
    )
    return await view_meeting(session, actor, meeting.id, path=path)


async def take_roll(session: Session, actor: Actor, meeting_id: UUID, body: RollReplace, *, expected: int) -> RollView:
    """Enter or correct attendance, until the minutes are approved. Only here can somebody be late.

    Raises NotForYourPost, VersionChanged, MeetingNotBegun, RollClosed, NotOnRoster.
    """
    meeting, _ = await _for_change(session, actor, meeting_id)
    require_version(meeting.roll_version, expected)
    _require_open_roll(meeting)
    pointers = {f"/entries/{index}/member_id": entry.member_id for index, entry in enumerate(body.entries)}
    await require_on_roster(session, meeting, pointers)
    present = {
        entry.member_id: entry
        for entry in await session.scalars(select(RosterEntry).where(RosterEntry.meeting_id == meeting.id))
    }
    changed: dict[UUID, Attendance] = {}
    for wanted in body.entries:
        entry = present[wanted.member_id]
        # What already stands so keeps its source: a check-in stays the member's own.
        if entry.source is not None and (entry.attendance, entry.note) == (wanted.attendance, wanted.note):
            continue
        entry.attendance = wanted.attendance
        entry.note = wanted.note
        entry.source = RollSource.secretary
        entry.entered_by = actor.member_id
        changed[entry.member_id] = wanted.attendance
    if changed:
        await _record(session, actor, meeting, RollTaken, attendance=changed)
    return await view_roll(session, actor, meeting)


async def check_in(session: Session, actor: Actor, meeting_id: UUID, body: CheckIn) -> RollEntryView:
    """Take a member's own scan; a second one changes nothing, and what an organiser entered before stands.

    The server's clock decides, so a phone's may be wrong; a scan made offline proves by its code when it was made, and
    is taken until the minutes are approved. Raises NotConvened, MeetingNotInSession, RollClosed, CheckInCodeInvalid,
    CheckInCodeExpired.
    """
    meeting, _ = await get_visible_meeting(session, actor, meeting_id, for_update=True)
    entry = await session.get(RosterEntry, (meeting.id, actor.member_id))
    if entry is None and meeting.status in BEGUN:
        raise NotConvened
    if body.offline and meeting.status in BEGUN - ROLL_OPEN:
        raise RollClosed
    if entry is None or meeting.status not in (ROLL_OPEN if body.offline else {MeetingStatus.in_session}):
        raise MeetingNotInSession
    shown_at = _require_shown(session, meeting, body)
    if entry.checked_in_at is None:
        entry.checked_in_at = shown_at if body.offline else session.now()
        entry.arrived_offline = body.offline
        if entry.source is None:
            entry.attendance = Attendance.present_online if body.online else Attendance.present
            entry.source = RollSource.code
            entry.entered_by = actor.member_id
        assert entry.attendance is not None
        await _record(
            session,
            actor,
            meeting,
            MemberCheckedIn,
            member_id=actor.member_id,
            attendance=entry.attendance,
            arrived_offline=body.offline,
        )
        await session.flush()
    found = await find_own_entry(session, actor, meeting.id)
    assert found is not None
    return found


async def enter_guest(session: Session, actor: Actor, meeting_id: UUID, body: GuestWrite) -> GuestView:
    """Write down somebody who sits in; raises NotForYourPost, MeetingNotBegun, RollClosed."""
    meeting, _ = await _for_change(session, actor, meeting_id)
    _require_open_roll(meeting)
    guest = MeetingGuest(
        id=session.new_id(),
        meeting_id=meeting.id,
        full_name=body.full_name,
        organisation_name=body.organisation_name,
        entered_by=actor.member_id,
    )
    session.add(guest)
    await _record(session, actor, meeting, GuestEntered, guest_id=guest.id)
    return GuestView.model_validate(guest)


async def remove_guest(session: Session, actor: Actor, meeting_id: UUID, guest_id: UUID) -> None:
    """Take a guest off; raises NotForYourPost, MeetingNotBegun, RollClosed, GuestNotFound."""
    meeting, _ = await _for_change(session, actor, meeting_id)
    _require_open_roll(meeting)
    removed = await session.scalar(
        delete(MeetingGuest)
        .where(MeetingGuest.id == guest_id, MeetingGuest.meeting_id == meeting.id)
        .returning(MeetingGuest.id)
    )
    if removed is None:
        raise GuestNotFound
    await _record(session, actor, meeting, GuestRemoved, guest_id=guest_id)


async def _for_change(session: Session, actor: Actor, meeting_id: UUID) -> tuple[Meeting, tuple[UUID, ...]]:
    meeting, path = await get_visible_meeting(session, actor, meeting_id, for_update=True)
    access.require_organiser(actor, meeting.organisation_id)
    return meeting, path


def _require_open_roll(meeting: Meeting) -> None:
    if meeting.status not in BEGUN:
        raise MeetingNotBegun
    if meeting.status not in ROLL_OPEN:
        raise RollClosed


async def _freeze_roster(session: Session, meeting: Meeting) -> None:
    """Write everybody convened today onto the roster, with the standings that votes and rates need, in one statement.

    Of a committee's seat-holders the standing at home counts, wherever that is.
    """
    today = session.today()
    people = convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=today).subquery()
    here = () if meeting.kind is MeetingKind.committee else (Standing.organisation_id == meeting.organisation_id,)

    def stands_as(*kinds: StandingKind) -> ColumnElement[bool]:
        holds = holds_on(Standing.starts_on, Standing.ends_on, today)
        return exists().where(Standing.member_id == people.c[0], Standing.kind.in_(kinds), holds, *here)

    await session.execute(
        insert(RosterEntry).from_select(
            ["meeting_id", "member_id", "standing", "is_exempt", "is_away"],
            select(
                literal(meeting.id),
                people.c[0],
                case(
                    (stands_as(StandingKind.official), RosterStanding.official.value),
                    (stands_as(StandingKind.probationary), RosterStanding.probationary.value),
                    else_=RosterStanding.temporary_guest.value,
                ),
                stands_as(StandingKind.exempt, StandingKind.temporarily_exempt),
                stands_as(StandingKind.temporary_away),
            ),
        )
    )


def _require_shown(session: Session, meeting: Meeting, body: CheckIn) -> datetime:
    """Return since when the screen had shown the code; raises CheckInCodeInvalid, CheckInCodeExpired.

    A code of this meeting was made while it was in session. Offline there is nothing more to ask, and the roll says
    that the scan came so: it may have come from a photograph.
    """
    secret, started_at = meeting.check_in_secret, meeting.started_at
    step = None if secret is None else read_code(secret, meeting.id, body.code)
    if step is None or started_at is None:
        field = FieldProblem(pointer="/code", code=CheckInCodeInvalid.code, detail=CheckInCodeInvalid.title)
        raise CheckInCodeInvalid(fields=(field,))
    if not body.offline and step < step_at(session.now()) - GRACE_STEPS:
        raise CheckInCodeExpired
    return max(begin_of(step), started_at)


async def _record(session: Session, actor: Actor, meeting: Meeting, kind: type[RollEvent], **more: object) -> None:
    meeting.roll_version += 1
    names = {
        "organisation_id": meeting.organisation_id,
        "subject_id": meeting.id,
        "actor_member_id": actor.member_id,
        "version": meeting.roll_version,
    }
    await record(session, kind.model_validate({**names, **more}))

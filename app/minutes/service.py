"""Commands of minutes: write, send, approve, publish; and the reminders that they are due."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.jobs import Lane, defer
from app.kernel.security import Actor
from app.kernel.typesetting import Typesetter
from app.meetings.access import require_organiser
from app.meetings.models import Meeting, MeetingStatus
from app.meetings.service import mark_minutes_approved, mark_published
from app.minutes import access, queries
from app.minutes.errors import MinutesAlreadySent, MinutesFrozen, MinutesNotApproved
from app.minutes.events import (
    MeetingMissed,
    MinutesApproved,
    MinutesDue,
    MinutesEdited,
    MinutesEvent,
    MinutesPublished,
    MinutesSent,
)
from app.minutes.models import FROZEN, Minutes, MinutesNumber, MinutesPaper, MinutesReminder, MinutesStatus
from app.minutes.papers import in_series
from app.minutes.queries import Found
from app.minutes.schemas import MinutesReplace, MinutesView
from app.notifications.service import withdraw_notices
from app.polls.queries import require_closed
from app.rules import RULE_SETS, rules_in_force, rules_named

TYPESET_TASK = "minutes.typeset"
HOURS_BEFORE = (24, 0)
SWEEP_SIZE = 500
# Of meetings that were over long before, such as imported ones, nobody is reminded.
STALE_AFTER = timedelta(days=7)


async def replace_minutes(
    session: Session, actor: Actor, meeting_id: UUID, body: MinutesReplace, *, expected: int
) -> MinutesView:
    """Write sections and conclusion; what is counted cannot be written.

    Raises MeetingNotFound, MinutesNotFound, MinutesTooEarly, NotForYourPost, VersionChanged, MinutesFrozen.
    """
    found = await _for_change(session, actor, meeting_id)
    require_version(found.minutes.version if found.minutes else 1, expected)
    minutes = await _written(session, actor, found)
    minutes.sections = [section.model_dump() for section in body.sections]
    minutes.conclusion = body.conclusion
    minutes.version += 1
    await record(session, _fact(MinutesEdited, actor, minutes))
    return await queries.view_minutes(session, found.meeting, minutes)


async def send_minutes(session: Session, actor: Actor, meeting_id: UUID) -> MinutesView:
    """Send the draft to those who took part, for their remarks; it can still be edited.

    Raises as `replace_minutes`, and MinutesAlreadySent.
    """
    found = await _for_change(session, actor, meeting_id)
    minutes = await _written(session, actor, found)
    if minutes.status is not MinutesStatus.draft:
        raise MinutesAlreadySent
    minutes.status = MinutesStatus.in_review
    minutes.sent_at = session.now()
    minutes.version += 1
    await record(session, _fact(MinutesSent, actor, minutes))
    return await queries.view_minutes(session, found.meeting, minutes)


async def approve_minutes(
    session: Session, actor: Actor, meeting_id: UUID, *, expected: int | None = None
) -> MinutesView:
    """Let the minutes stand: roll, votes and tasks are frozen in them as they are now, and they get their number.

    They may have been sent for remarks before, or read out at the meeting's end (42-HD/BTCTW); the minute-taker
    alone cannot approve. Raises MeetingNotFound, MinutesNotFound, MinutesTooEarly, NotForYourPost, MinutesFrozen,
    VersionChanged, and PollNotClosed: a vote that is closed later would stand in no minutes.
    """
    found = await queries.find_readable(session, actor, meeting_id, for_update=True)
    access.require_approver(actor, found.meeting)
    _require_open(found)
    require_version(found.minutes.version if found.minutes else 1, expected)
    for subject_id in await queries.find_voted_on(session, meeting_id):
        await require_closed(session, subject_id, organisation_id=found.meeting.organisation_id)
    minutes = await _written(session, actor, found)
    composed = await queries.compose(session, found.meeting, minutes)
    minutes.year = composed.began_at.astimezone(ZoneInfo(composed.time_zone)).year
    minutes.number = await _next_number(session, minutes.organisation_id, minutes.year)
    minutes.record = composed.model_dump(mode="json")
    minutes.status = MinutesStatus.approved
    minutes.approved_at = session.now()
    minutes.approved_by = actor.member_id
    minutes.version += 1
    await mark_minutes_approved(session, actor, found.meeting)
    # Nobody can remark any more; that they must be published stays true.
    await withdraw_notices(session, subject_id=meeting_id, subject_type=MinutesSent.subject_type)
    number = in_series(minutes.number, composed.series)
    await record(session, MinutesApproved(**_names(actor, minutes), number=number))
    await defer(session, TYPESET_TASK, {"meeting_id": str(meeting_id)}, lane=Lane.bulk)
    return await queries.view_minutes(session, found.meeting, minutes)


async def publish_minutes(session: Session, actor: Actor, meeting_id: UUID) -> MinutesView:
    """Show approved minutes to the whole branch and to officers above; who was there and who was not are told.

    Raises MeetingNotFound, MinutesNotFound, MinutesTooEarly, NotForYourPost, and MinutesNotApproved, also where they
    are published already.
    """
    found = await queries.find_readable(session, actor, meeting_id, for_update=True)
    require_organiser(actor, found.meeting.organisation_id)
    minutes = found.minutes
    if minutes is None or minutes.status is not MinutesStatus.approved:
        raise MinutesNotApproved
    minutes.status = MinutesStatus.published
    minutes.published_at = session.now()
    minutes.version += 1
    await mark_published(session, actor, found.meeting)
    await withdraw_notices(session, subject_id=meeting_id)
    await record(session, _fact(MinutesPublished, actor, minutes))
    missed = MeetingMissed(organisation_id=minutes.organisation_id, subject_id=meeting_id, actor_member_id=None)
    await record(session, missed)
    return await queries.view_minutes(session, found.meeting, minutes)


async def keep_paper(session: Session, meeting_id: UUID, *, typesetter: Typesetter) -> None:
    """Typeset approved minutes once and for all; raises TypesettingUnavailable on a machine without Pango."""
    minutes = await session.get_one(Minutes, meeting_id)
    meeting = await session.get_one(Meeting, meeting_id)
    paper = await queries.typeset_minutes(session, meeting, minutes, typesetter=typesetter)
    await session.execute(
        insert(MinutesPaper)
        .values(meeting_id=meeting_id, content=paper.content, sha256=paper.sha256, made_at=session.now())
        .on_conflict_do_nothing()
    )


async def remind_of_minutes(session: Session) -> int:
    """Remind the organisers of up to 500 meetings whose minutes must be out within a day, or by now; return how many.

    Each hour before once; after a standstill only the latest. None once they are published.
    """
    now = session.now()
    longest = max(rules.minutes_within for rules in RULE_SETS)
    shortest = min(rules.minutes_within for rules in RULE_SETS)
    reminded = (
        select(func.count())
        .select_from(MinutesReminder)
        .where(MinutesReminder.meeting_id == Meeting.id)
        .scalar_subquery()
    )
    meetings = await session.scalars(
        select(Meeting)
        .where(
            Meeting.status.in_((MeetingStatus.ended, MeetingStatus.minutes_approved)),
            Meeting.ended_at <= now - shortest + timedelta(hours=max(HOURS_BEFORE)),
            Meeting.ended_at > now - longest - STALE_AFTER,
            or_(Meeting.ended_at <= now - shortest, reminded == 0),
            reminded < len(HOURS_BEFORE),
        )
        .order_by(Meeting.ended_at, Meeting.id)
        .limit(SWEEP_SIZE)
        .with_for_update(of=Meeting, skip_locked=True)
    )
    count = 0
    for meeting in meetings.all():
        assert meeting.ended_at is not None
        rules = rules_named(meeting.rule_set) if meeting.rule_set else rules_in_force(meeting.ended_at.date())
        due_at = meeting.ended_at + rules.minutes_within
        passed = [hours for hours in HOURS_BEFORE if due_at - timedelta(hours=hours) <= now]
        count += await _remind(session, meeting, passed)
    return count


async def _remind(session: Session, meeting: Meeting, hours_passed: list[int]) -> int:
    """Settle the hours that have passed, and tell of the last of them unless that was done; return 1 if it told."""
    settled = []
    for hours in hours_passed:
        fresh = await session.scalar(
            insert(MinutesReminder)
            .values(meeting_id=meeting.id, hours_before=hours, sent_at=session.now())
            .on_conflict_do_nothing()
            .returning(MinutesReminder.hours_before)
        )
        settled += [] if fresh is None else [fresh]
    if not settled:
        return 0
    await record(
        session,
        MinutesDue(
            organisation_id=meeting.organisation_id,
            subject_id=meeting.id,
            actor_member_id=None,
            hours_before=min(settled),
        ),
    )
    return 1


async def _for_change(session: Session, actor: Actor, meeting_id: UUID) -> Found:
    found = await queries.find_readable(session, actor, meeting_id, for_update=True)
    access.require_writer(actor, found.meeting)
    _require_open(found)
    return found


def _require_open(found: Found) -> None:
    if found.status in FROZEN or found.meeting.status is not MeetingStatus.ended:
        raise MinutesFrozen


async def _written(session: Session, actor: Actor, found: Found) -> Minutes:
    """Return the row of the minutes; the first one who changes anything makes it, from the agenda."""
    if found.minutes is not None:
        return found.minutes
    composed = await queries.compose(session, found.meeting, None)
    minutes = Minutes(
        meeting_id=found.meeting.id,
        organisation_id=found.meeting.organisation_id,
        status=MinutesStatus.draft,
        sections=[section.model_dump() for section in composed.sections],
        version=1,
        composed_by=actor.member_id,
        composed_at=session.now(),
    )
    session.add(minutes)
    return minutes


async def _next_number(session: Session, organisation_id: UUID, year: int) -> int:
    # The row's lock lets two approvals of one branch follow each other; a number is never given twice, nor left out.
    given = insert(MinutesNumber).values(organisation_id=organisation_id, year=year, last=1)
    number: int = (
        await session.execute(
            given.on_conflict_do_update(
                index_elements=["organisation_id", "year"], set_={"last": MinutesNumber.last + 1}
            ).returning(MinutesNumber.last)
        )
    ).scalar_one()
    return number


def _names(actor: Actor, minutes: Minutes) -> dict[str, object]:
    return {
        "organisation_id": minutes.organisation_id,
        "subject_id": minutes.meeting_id,
        "actor_member_id": actor.member_id,
        "version": minutes.version,
    }


def _fact(kind: type[MinutesEvent], actor: Actor, minutes: Minutes) -> MinutesEvent:
    return kind.model_validate(_names(actor, minutes))

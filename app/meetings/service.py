"""Commands of the meeting but for its course (`roll`): drafting, announcing, publishing, and reminders come due."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, exists, select, tuple_, update
from sqlalchemy.orm import aliased

from app.documents.queries import require_attachable
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.meetings import access, queries, unfinished
from app.meetings.errors import (
    MeetingAlreadyExists,
    MeetingClosed,
    MeetingInPast,
    MeetingNotDraft,
    MeetingNotEnded,
    MeetingNotMinuted,
    MeetingNotUpcoming,
    MeetingPlaceMissing,
    MeetingTimePassed,
)
from app.meetings.events import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingDiscarded,
    MeetingEdited,
    MeetingEvent,
    MeetingMoved,
    MeetingPostponed,
    MeetingPublished,
    MeetingReminderDue,
    MeetingScheduled,
    MinutesApproved,
)
from app.meetings.models import UPCOMING, AgendaItem, AgendaItemDocument, Meeting, MeetingReminder, MeetingStatus
from app.meetings.reminders import due_times
from app.meetings.schemas import MAX_AGENDA, Cancellation, MeetingCreate, MeetingReplace, MeetingView, Postponement
from app.notifications.service import withdraw_notices, withdraw_notices_of_parts
from app.organisations.queries import get_lasting_organisation

SWEEP_SIZE = 500


async def schedule_meeting(session: Session, actor: Actor, organisation_id: UUID, body: MeetingCreate) -> MeetingView:
    """Write a draft that only organisers see.

    Raises OrganisationNotFound, NotForYourPost, MeetingInPast, DocumentsNotFound, and MeetingAlreadyExists for an id
    that is taken.
    """
    organisation = await get_lasting_organisation(session, actor, organisation_id)
    access.require_organiser(actor, organisation_id)
    _require_future(session, body.starts_at)
    meeting = Meeting(
        id=body.id or session.new_id(),
        organisation_id=organisation_id,
        status=MeetingStatus.draft,
        version=1,
        schedule_version=1,
        day_version=1,
        created_by=actor.member_id,
        created_at=session.now(),
    )
    _write(meeting, body)
    if body.carry_open_tasks and len(meeting.agenda) < MAX_AGENDA:
        await _carry_open_tasks(session, meeting)
    async with refusing_duplicates(session, {"pk_meetings": MeetingAlreadyExists}):
        session.add(meeting)
    await _attach_papers(session, actor, meeting, body, path=organisation.path)
    await record(session, _fact(MeetingScheduled, actor, meeting))
    return await queries.view_meeting(session, actor, meeting.id, path=organisation.path)


async def replace_meeting(
    session: Session, actor: Actor, meeting_id: UUID, body: MeetingReplace, *, expected: int
) -> MeetingView:
    """Rewrite a meeting that has not begun.

    Of an announced one, another time or place is told to everybody who has not refused its day, and reminders move with
    it; what else changes is told to nobody. What was said of its day holds while it stays on that day. A paper that
    stays keeps the instant it was attached at. Raises VersionChanged, MeetingClosed, MeetingInPast, DocumentsNotFound,
    and MeetingNotDraft where the kind, and so who is called, would change after the announcement.
    """
    meeting, path = await _for_change(session, actor, meeting_id)
    require_version(meeting.version, expected)
    before, day_before = (meeting.starts_at, meeting.place, meeting.online_url), _day_of(meeting)
    is_draft = meeting.status is MeetingStatus.draft
    if not is_draft and meeting.status not in UPCOMING:
        raise MeetingClosed
    if not is_draft and body.kind is not meeting.kind:
        raise MeetingNotDraft
    if body.starts_at != meeting.starts_at:
        _require_future(session, body.starts_at)
    _write(meeting, body)
    await _attach_papers(session, actor, meeting, body, path=path)
    meeting.version += 1
    if is_draft or before == (meeting.starts_at, meeting.place, meeting.online_url):
        await record(session, _fact(MeetingEdited, actor, meeting))
    else:
        _require_place(meeting)
        meeting.schedule_version += 1
        if _day_of(meeting) != day_before:
            meeting.day_version = meeting.schedule_version
        await _reschedule(session, meeting)
        fact = MeetingMoved(**_names(actor, meeting), starts_before=before[0], place_before=before[1])
        await record(session, fact)
    return await queries.view_meeting(session, actor, meeting.id, path=path)


async def discard_meeting(session: Session, actor: Actor, meeting_id: UUID, *, expected: int) -> None:
    """Delete a draft; what was announced can only be cancelled.

    For the resolutions feature, which tells of those that named it. Raises VersionChanged, MeetingNotDraft.
    """
    meeting, _ = await _for_change(session, actor, meeting_id)
    require_version(meeting.version, expected)
    if meeting.status is not MeetingStatus.draft:
        raise MeetingNotDraft
    await record(session, _fact(MeetingDiscarded, actor, meeting))
    await session.execute(delete(Meeting).where(Meeting.id == meeting.id))


async def announce_meeting(session: Session, actor: Actor, meeting_id: UUID) -> MeetingView:
    """Call the meeting: every member's phone is told, and reminders are set.

    Raises MeetingNotDraft, MeetingTimePassed, MeetingPlaceMissing.
    """
    meeting, path = await _for_change(session, actor, meeting_id)
    if meeting.status is not MeetingStatus.draft:
        raise MeetingNotDraft
    if meeting.starts_at <= session.now():
        raise MeetingTimePassed
    _require_place(meeting)
    meeting.status = MeetingStatus.announced
    meeting.announced_at = session.now()
    meeting.version += 1
    await _reschedule(session, meeting)
    await record(session, _fact(MeetingAnnounced, actor, meeting))
    return await queries.view_meeting(session, actor, meeting.id, path=path)


async def postpone_meeting(session: Session, actor: Actor, meeting_id: UUID, body: Postponement) -> MeetingView:
    """Move an announced meeting to another time, keeping its length; everybody is told why.

    Raises MeetingNotUpcoming, MeetingInPast.
    """
    meeting, path = await _for_change(session, actor, meeting_id)
    if meeting.status not in UPCOMING:
        raise MeetingNotUpcoming
    _require_future(session, body.starts_at)
    before = meeting.starts_at
    meeting.status = MeetingStatus.postponed
    if meeting.ends_at is not None:
        meeting.ends_at += body.starts_at - before
    meeting.starts_at = body.starts_at
    meeting.reason = body.reason
    meeting.version += 1
    meeting.schedule_version += 1
    meeting.day_version = meeting.schedule_version
    await _reschedule(session, meeting)
    await record(session, MeetingPostponed(**_names(actor, meeting), starts_before=before, reason=body.reason))
    return await queries.view_meeting(session, actor, meeting.id, path=path)


async def cancel_meeting(session: Session, actor: Actor, meeting_id: UUID, body: Cancellation) -> MeetingView:
    """Call an announced meeting off; everybody is told why, and no reminder follows.

    For the polls feature, which tells of its polls. Raises MeetingNotUpcoming.
    """
    meeting, path = await _for_change(session, actor, meeting_id)
    if meeting.status not in UPCOMING:
        raise MeetingNotUpcoming
    meeting.status = MeetingStatus.cancelled
    meeting.reason = body.reason
    meeting.version += 1
    await withdraw_notices(session, subject_id=meeting.id)
    await withdraw_notices_of_parts(session, whole_id=meeting.id)
    await session.execute(delete(MeetingReminder).where(MeetingReminder.meeting_id == meeting.id))
    await record(session, MeetingCancelled(**_names(actor, meeting), reason=body.reason))
    return await queries.view_meeting(session, actor, meeting.id, path=path)


async def mark_minutes_approved(session: Session, actor: Actor, meeting: Meeting) -> None:
    """Let the minutes of a meeting stand: from now on the roll is closed.

    For the minutes feature, which has loaded the meeting for update, judged the caller's right, and tells people.
    Raises MeetingNotEnded.
    """
    if meeting.status is not MeetingStatus.ended:
        raise MeetingNotEnded
    roll = (await queries.tally_rosters(session, [meeting.id]))[meeting.id]
    meeting.present_count, meeting.expected_count = roll.present, roll.expected
    meeting.status = MeetingStatus.minutes_approved
    meeting.version += 1
    await record(session, _fact(MinutesApproved, actor, meeting))


async def mark_published(session: Session, actor: Actor, meeting: Meeting) -> None:
    """Say that minutes and resolution are out; called like `mark_minutes_approved`. Raises MeetingNotMinuted."""
    if meeting.status is not MeetingStatus.minutes_approved:
        raise MeetingNotMinuted
    meeting.status = MeetingStatus.published
    meeting.version += 1
    await record(session, _fact(MeetingPublished, actor, meeting))


async def send_due_reminders(session: Session) -> int:
    """Announce up to 500 meetings' reminders whose hour has come, and return how many it dealt with: 0 is all done.

    After a standstill only the latest of a meeting's overdue ones goes out, and none once the meeting has begun.
    """
    now = session.now()
    later = aliased(MeetingReminder)
    overtaken = exists().where(
        later.meeting_id == MeetingReminder.meeting_id,
        later.audience == MeetingReminder.audience,
        later.due_at > MeetingReminder.due_at,
        later.due_at <= now,
    )
    due = and_(MeetingReminder.sent_at.is_(None), MeetingReminder.due_at <= now)
    rows = (
        await session.execute(
            select(MeetingReminder, Meeting)
            .join(Meeting, Meeting.id == MeetingReminder.meeting_id)
            .where(due, ~overtaken)
            .order_by(MeetingReminder.due_at.desc())
            .limit(SWEEP_SIZE)
            .with_for_update(of=MeetingReminder, skip_locked=True)  # two workers share the sweep
        )
    ).all()
    # With the latest of them a meeting's earlier ones are settled.
    settled = [(reminder.meeting_id, reminder.audience) for reminder, _ in rows]
    key = tuple_(MeetingReminder.meeting_id, MeetingReminder.audience)
    await session.execute(update(MeetingReminder).where(due, key.in_(settled)).values(sent_at=now))
    for reminder, meeting in rows:
        if meeting.status not in UPCOMING or meeting.starts_at <= now:
            continue
        await record(
            session,
            MeetingReminderDue(
                organisation_id=meeting.organisation_id,
                subject_id=meeting.id,
                actor_member_id=None,
                audience=reminder.audience,
                hours_before=reminder.hours_before,
                schedule_version=meeting.schedule_version,
            ),
        )
    return len(rows)


async def _for_change(session: Session, actor: Actor, meeting_id: UUID) -> tuple[Meeting, tuple[UUID, ...]]:
    meeting, path = await queries.get_visible_meeting(session, actor, meeting_id, for_update=True)
    access.require_organiser(actor, meeting.organisation_id)
    return meeting, path


def _require_future(session: Session, starts_at: datetime) -> None:
    if starts_at <= session.now():
        text = Text(vi="Phải sau thời điểm hiện tại", en="It must be later than now")
        raise MeetingInPast(fields=(FieldProblem(pointer="/starts_at", code="in_past", detail=text),))


def _day_of(meeting: Meeting) -> date:
    return meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).date()


def _require_place(meeting: Meeting) -> None:
    if meeting.place is None and meeting.online_url is None:
        raise MeetingPlaceMissing


def _write(meeting: Meeting, body: MeetingReplace) -> None:
    meeting.kind = body.kind
    meeting.title = body.title
    meeting.starts_at = body.starts_at
    meeting.ends_at = body.ends_at
    meeting.time_zone = body.time_zone
    meeting.place = body.place
    meeting.online_url = str(body.online_url) if body.online_url else None
    meeting.agenda = [
        AgendaItem(position=place, title=item.title, minutes=item.minutes, presenter=item.presenter, body=item.body)
        for place, item in enumerate(body.ordered_agenda(), start=1)
    ]


async def _carry_open_tasks(session: Session, meeting: Meeting) -> None:
    """End the agenda with what earlier meetings gave out and is not done (domain.md 14); without any, add nothing."""
    tasks = await queries.list_open_tasks(session, meeting.organisation_id, meeting.kind)
    if tasks:
        place = len(meeting.agenda) + 1
        meeting.agenda.append(AgendaItem(position=place, title=unfinished.TITLE, body=unfinished.write_body(tasks)))


async def _attach_papers(
    session: Session, actor: Actor, meeting: Meeting, body: MeetingReplace, *, path: Sequence[UUID]
) -> None:
    """Attach the papers named beside each point; raises DocumentsNotFound with the pointer of each that cannot be."""
    for index, item in enumerate(body.agenda):
        pointer = f"/agenda/{index}/document_ids"
        await require_attachable(session, actor, item.document_ids, path=path, pointer=pointer)
    of_this = AgendaItemDocument.meeting_id == meeting.id
    rows = await session.execute(select(AgendaItemDocument.document_id, AgendaItemDocument.attached_at).where(of_this))
    known = {row.document_id: row.attached_at for row in rows}
    await session.execute(delete(AgendaItemDocument).where(of_this))
    for position, item in enumerate(body.ordered_agenda(), start=1):
        for place, document_id in enumerate(item.document_ids, start=1):
            session.add(
                AgendaItemDocument(
                    meeting_id=meeting.id,
                    position=position,
                    document_id=document_id,
                    place=place,
                    attached_at=known.get(document_id, session.now()),
                )
            )


async def _reschedule(session: Session, meeting: Meeting) -> None:
    """Take back what was said of another time, and set the reminders for this one."""
    await withdraw_notices(session, subject_id=meeting.id)
    await session.execute(delete(MeetingReminder).where(MeetingReminder.meeting_id == meeting.id))
    for audience, hours, due_at in due_times(meeting.id, meeting.starts_at, now=session.now()):
        session.add(MeetingReminder(meeting_id=meeting.id, audience=audience, hours_before=hours, due_at=due_at))


def _names(actor: Actor, meeting: Meeting) -> dict[str, object]:
    return {
        "organisation_id": meeting.organisation_id,
        "subject_id": meeting.id,
        "actor_member_id": actor.member_id,
        "version": meeting.version,
    }


def _fact(kind: type[MeetingEvent], actor: Actor, meeting: Meeting) -> MeetingEvent:
    return kind.model_validate(_names(actor, meeting))

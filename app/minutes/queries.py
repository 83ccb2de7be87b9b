"""Reads of minutes: visibility comes first, then what they say, live until the approval and frozen after it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from app.kernel.db import Session
from app.kernel.security import Actor, PostKind
from app.kernel.typesetting import Paper, Typesetter
from app.meetings.models import (
    TOOK_PART,
    AgendaItem,
    Meeting,
    MeetingGuest,
    MeetingKind,
    MeetingTask,
    RosterEntry,
    TaskStatus,
)
from app.meetings.queries import find_visible_meetings, get_visible_meeting
from app.members.models import Member, Post
from app.members.queries import holds_on
from app.members.schemas import MemberRef
from app.minutes import access
from app.minutes.models import FROZEN, Minutes, MinutesPaper, MinutesStatus
from app.minutes.papers import ResolutionPaper, in_series, locality, minutes_html, resolution_html
from app.minutes.record import (
    MinutesPerson,
    MinutesPoll,
    MinutesRecord,
    MinutesResolution,
    MinutesSection,
    MinutesTask,
    count_heads,
    elapsed_minutes,
)
from app.minutes.schemas import MinutesView
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.succession.queries import list_line_on
from app.polls.models import Secrecy
from app.polls.results.queries import PollResult, list_results
from app.resolutions.models import Resolution
from app.resolutions.queries import get_adopted, list_adopted
from app.rules import rules_in_force, rules_named

_POSTS = {PostKind.secretary: "Bí thư", PostKind.deputy_secretary: "Phó Bí thư"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Minutes that the caller may read, with their meeting; `minutes` is None until somebody has written in them."""

    meeting: Meeting
    minutes: Minutes | None
    took_part: bool

    @property
    def status(self) -> MinutesStatus:
        """Return where they stand."""
        return MinutesStatus.draft if self.minutes is None else self.minutes.status


async def find_readable(session: Session, actor: Actor, meeting_id: UUID, *, for_update: bool = False) -> Found:
    """Return the minutes of a meeting that the caller sees.

    `for_update` locks the meeting until the unit of work ends: the roll, the votes and what is written here wait for
    each other. Raises MeetingNotFound, MinutesNotFound, MinutesTooEarly.
    """
    meeting, _ = await get_visible_meeting(session, actor, meeting_id, for_update=for_update)
    minutes = await session.get(Minutes, meeting.id)
    took_part = await session.scalar(
        select(RosterEntry.member_id).where(
            RosterEntry.meeting_id == meeting.id,
            RosterEntry.member_id == actor.member_id,
            RosterEntry.attendance.in_(TOOK_PART),
        )
    )
    found = Found(meeting=meeting, minutes=minutes, took_part=took_part is not None)
    access.require_reader(actor, meeting, found.status, took_part=found.took_part)
    return found


async def get_minutes(session: Session, actor: Actor, meeting_id: UUID) -> MinutesView:
    """Return the minutes of a meeting; raises MeetingNotFound, MinutesNotFound, MinutesTooEarly."""
    found = await find_readable(session, actor, meeting_id)
    return await view_minutes(session, found.meeting, found.minutes)


async def find_minutes(session: Session, actor: Actor, meeting_ids: Collection[UUID]) -> list[MinutesView]:
    """Return the minutes of those of the meetings whose minutes the caller may read.

    What is frozen is found as it stands; what is still being written is composed one by one, and that is seldom more
    than one in a branch.
    """
    meetings = {meeting.id: meeting for meeting in await find_visible_meetings(session, actor, meeting_ids)}
    written = {
        one.meeting_id: one for one in await session.scalars(select(Minutes).where(Minutes.meeting_id.in_(meetings)))
    }
    attended = set(
        await session.scalars(
            select(RosterEntry.meeting_id).where(
                RosterEntry.meeting_id.in_(meetings),
                RosterEntry.member_id == actor.member_id,
                RosterEntry.attendance.in_(TOOK_PART),
            )
        )
    )
    found = [
        Found(meeting=meeting, minutes=written.get(meeting.id), took_part=meeting.id in attended)
        for meeting in meetings.values()
    ]
    return [
        await view_minutes(session, one.meeting, one.minutes)
        for one in found
        if access.reads(actor, one.meeting, one.status, took_part=one.took_part)
    ]


async def get_minutes_pdf(session: Session, actor: Actor, meeting_id: UUID, *, typesetter: Typesetter) -> Paper:
    """Return the minutes on paper, marked as a draft until they are approved.

    Raises as `get_minutes`, and TypesettingUnavailable, TypesettingBusy.
    """
    found = await find_readable(session, actor, meeting_id)
    if found.status in FROZEN:
        kept = await session.get(MinutesPaper, meeting_id)
        if kept is not None:
            return Paper(content=kept.content, sha256=kept.sha256)
    return await typeset_minutes(session, found.meeting, found.minutes, typesetter=typesetter)


async def typeset_minutes(
    session: Session, meeting: Meeting, minutes: Minutes | None, *, typesetter: Typesetter
) -> Paper:
    """Return minutes on paper: of approved ones the same words give the same bytes."""
    record = await _record(session, meeting, minutes)
    number = minutes.number if minutes else None
    approved_at = minutes.approved_at if minutes else None
    html = minutes_html(record, number=number, is_draft=approved_at is None)
    return await typesetter.typeset(html, made_at=approved_at or record.ended_at or record.began_at)


async def view_minutes(session: Session, meeting: Meeting, minutes: Minutes | None) -> MinutesView:
    """Return minutes that the caller is known to see."""
    await session.flush()
    record = await _record(session, meeting, minutes)
    approver = await session.get(Member, minutes.approved_by) if minutes and minutes.approved_by else None
    rules = rules_named(meeting.rule_set) if meeting.rule_set else rules_in_force(record.began_at.date())
    return MinutesView(
        **dict(record),
        id=meeting.id,
        version=minutes.version if minutes else 1,
        organisation_id=meeting.organisation_id,
        status=minutes.status if minutes else MinutesStatus.draft,
        number=in_series(minutes.number, record.series) if minutes and minutes.number else None,
        publish_by=record.ended_at + rules.minutes_within if record.ended_at else None,
        sent_at=minutes.sent_at if minutes else None,
        approved_at=minutes.approved_at if minutes else None,
        approved_by=MemberRef(member_id=approver.id, full_name=approver.full_name) if approver else None,
        published_at=minutes.published_at if minutes else None,
    )


async def _record(session: Session, meeting: Meeting, minutes: Minutes | None) -> MinutesRecord:
    if minutes is not None and minutes.record is not None:
        return MinutesRecord.model_validate(minutes.record)
    return await compose(session, meeting, minutes)


async def find_voted_on(session: Session, meeting_id: UUID) -> list[UUID]:
    """Return what a meeting's votes are about: itself, and the drafts before it, however they fared (domain.md 16)."""
    drafts = await session.scalars(select(Resolution.id).where(Resolution.meeting_id == meeting_id))
    return [meeting_id, *drafts]


async def compose(session: Session, meeting: Meeting, minutes: Minutes | None) -> MinutesRecord:
    """Say what the minutes are now: agenda or what was written, roll, votes, resolutions and tasks as they stand."""
    began_at = meeting.started_at or meeting.starts_at
    on = began_at.astimezone(ZoneInfo(meeting.time_zone)).date()
    head = await _head(session, meeting.organisation_id, on)
    own = meeting.organisation_id
    adopted = await list_adopted(session, meeting_id=meeting.id, organisation_id=own)
    results = await list_results(session, subject_ids=await find_voted_on(session, meeting.id), organisation_id=own)
    told = await _told_elsewhere(session, meeting) if results else set()
    roll = await session.execute(
        select(Member.full_name, RosterEntry.standing, RosterEntry.attendance)
        .join(RosterEntry, RosterEntry.member_id == Member.id)
        .where(RosterEntry.meeting_id == meeting.id)
        .order_by(Member.sort_key, Member.id)
    )
    return MinutesRecord(
        above=head.above,
        organisation=head.name,
        locality=head.locality,
        series="BB/CU" if head.is_branch and meeting.kind is MeetingKind.committee else f"BB/{head.initials}",
        kind=meeting.kind,
        title=meeting.title,
        began_at=began_at,
        ended_at=meeting.ended_at,
        elapsed_minutes=elapsed_minutes(began_at, meeting.ended_at),
        time_zone=meeting.time_zone,
        place=meeting.place,
        online=meeting.online_url is not None,
        chair=await _person(session, meeting.chair_id, own, on, head=head),
        minute_taker=await _person(session, meeting.minute_taker_id, own, on, head=head),
        headcount=count_heads([(row[0], row[1], row[2]) for row in roll], guests=await _guests(session, meeting.id)),
        sections=await _sections(session, meeting.id, minutes),
        conclusion=minutes.conclusion if minutes else None,
        polls=[_poll(result) for result in results if str(result.poll_id) not in told],
        resolutions=[MinutesResolution(id=one.id, title=one.title, number=one.number) for one in adopted],
        tasks=await _tasks(session, meeting.id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """Whose paper it is, as of its day: the name, the one above, the place, and the letters behind its numbers."""

    name: str
    above: str | None
    locality: str | None
    is_branch: bool

    @property
    def initials(self) -> str:
        return "CB" if self.is_branch else "ĐU"


async def _head(session: Session, organisation_id: UUID, on: date) -> _Head:
    line = await list_line_on(session, organisation_id, on)
    own, above = line[0], line[1] if len(line) > 1 else None
    commune = next((one for one in line if one.kind is OrganisationKind.commune), None)
    return _Head(
        name=own.name,
        above=above.name if above else None,
        locality=locality((commune or above or own).name),
        is_branch=own.kind is OrganisationKind.branch,
    )


async def _person(
    session: Session, member_id: UUID | None, organisation_id: UUID, on: date, *, head: _Head
) -> MinutesPerson | None:
    member = await session.get(Member, member_id) if member_id else None
    if member is None:
        return None
    held = await session.scalars(
        select(Post.kind).where(Post.member_id == member.id, _held_in(organisation_id, on), Post.kind.in_(_POSTS))
    )
    titles = set(held)
    body = "chi bộ" if head.is_branch else "Đảng ủy"
    post = next((f"{title} {body}" for kind, title in _POSTS.items() if kind in titles), None)
    return MinutesPerson(member_id=member.id, full_name=member.full_name, post=post)


def _held_in(organisation_id: UUID, on: date) -> ColumnElement[bool]:
    return (Post.organisation_id == organisation_id) & holds_on(Post.starts_on, Post.ends_on, on)


async def _guests(session: Session, meeting_id: UUID) -> list[str]:
    guests = await session.scalars(
        select(MeetingGuest).where(MeetingGuest.meeting_id == meeting_id).order_by(MeetingGuest.id)
    )
    return [f"{one.full_name} ({one.organisation_name})" if one.organisation_name else one.full_name for one in guests]


async def _sections(session: Session, meeting_id: UUID, minutes: Minutes | None) -> list[MinutesSection]:
    if minutes is not None:
        return [MinutesSection.model_validate(section) for section in minutes.sections]
    agenda = await session.scalars(
        select(AgendaItem).where(AgendaItem.meeting_id == meeting_id).order_by(AgendaItem.position)
    )
    return [MinutesSection(heading=item.title, body=item.body) for item in agenda]


async def _told_elsewhere(session: Session, meeting: Meeting) -> set[str]:
    """Return the ids of the polls that other minutes of the organisation have frozen: a vote was taken once."""
    frozen = await session.scalars(
        select(Minutes.record["polls"]).where(
            Minutes.organisation_id == meeting.organisation_id,
            Minutes.meeting_id != meeting.id,
            Minutes.record.is_not(None),
        )
    )
    return {poll["id"] for polls in frozen for poll in polls if poll.get("id")}


def _poll(result: PollResult) -> MinutesPoll:
    return MinutesPoll(
        id=result.poll_id,
        question=result.question,
        is_secret=result.secrecy is Secrecy.secret,
        electorate_count=result.denominator,
        in_favour_count=result.for_count,
        against_count=result.against_count,
        other_count=result.other_count,
        passed=result.passed,
    )


async def _tasks(session: Session, meeting_id: UUID) -> list[MinutesTask]:
    rows = await session.execute(
        select(MeetingTask.title, MeetingTask.due_on, Member.full_name)
        .join(Member, Member.id == MeetingTask.assignee_id)
        .where(MeetingTask.meeting_id == meeting_id, MeetingTask.status != TaskStatus.dropped)
        .order_by(MeetingTask.due_on, MeetingTask.id)
    )
    return [MinutesTask(title=row.title, assignee=row.full_name, due_on=row.due_on) for row in rows]


async def get_resolution_pdf(session: Session, actor: Actor, resolution_id: UUID, *, typesetter: Typesetter) -> Paper:
    """Return an adopted resolution on paper, with the vote that carried it and the tasks its meeting gave out.

    Raises ResolutionNotFound, also before the adoption; TypesettingUnavailable, TypesettingBusy.
    """
    adopted = await get_adopted(session, actor, resolution_id)
    meeting_id = await session.scalar(select(Resolution.meeting_id).where(Resolution.id == adopted.id))
    own = await session.get_one(Organisation, adopted.organisation_id)
    zone = ZoneInfo(own.time_zone)
    on = adopted.adopted_at.astimezone(zone).date()
    head = await _head(session, adopted.organisation_id, on)
    results = await list_results(session, subject_ids=[adopted.id], organisation_id=adopted.organisation_id)
    carried = next((result for result in results if result.poll_id == adopted.decided_by_poll_id), None)
    html = resolution_html(
        ResolutionPaper(
            above=head.above,
            organisation=head.name,
            locality=head.locality,
            is_branch=head.is_branch,
            number=adopted.number,
            title=adopted.title,
            on=on,
            paragraphs=[paragraph.text for paragraph in adopted.paragraphs],
            carried=_poll(carried) if carried else None,
            voted_on=carried.closed_at.astimezone(zone).date() if carried else None,
            tasks=await _tasks_on_resolution(session, adopted.organisation_id, meeting_id) if meeting_id else [],
            secretary=await _secretary(session, adopted.organisation_id, on),
        )
    )
    return await typesetter.typeset(html, made_at=adopted.adopted_at)


async def _tasks_on_resolution(session: Session, organisation_id: UUID, meeting_id: UUID) -> list[MinutesTask]:
    """Return what the meeting gave out: as frozen, once it is. What a branch's committee gave out stays there.

    And so does what a branch gave out that was merged: its draft went to the successor, its meeting did not.
    """
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None or meeting.organisation_id != organisation_id:
        return []
    organisation = await session.get_one(Organisation, organisation_id)
    if meeting.kind is MeetingKind.committee and organisation.kind is OrganisationKind.branch:
        return []
    minutes = await session.get(Minutes, meeting_id)
    if minutes is not None and minutes.record is not None:
        return MinutesRecord.model_validate(minutes.record).tasks
    return await _tasks(session, meeting_id)


async def _secretary(session: Session, organisation_id: UUID, on: date) -> str | None:
    name: str | None = await session.scalar(
        select(Member.full_name)
        .join(Post, Post.member_id == Member.id)
        .where(_held_in(organisation_id, on), Post.kind == PostKind.secretary)
        .order_by(Post.starts_on.desc(), Post.id)
        .limit(1)
    )
    return name

"""Reads of meetings; visibility comes first in each."""

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import selectinload

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.attendance import Tally, tally
from app.meetings.convening.queries import asker, count_replies, is_asker_called, is_called
from app.meetings.errors import MeetingNotFound
from app.meetings.models import (
    AgendaItem,
    AgendaItemDocument,
    Attendance,
    Meeting,
    MeetingKind,
    MeetingReply,
    MeetingStatus,
    MeetingTask,
    RosterEntry,
    RosterStanding,
    TaskStatus,
)
from app.meetings.schemas import (
    AgendaItemView,
    MeetingPage,
    MeetingView,
    MyReply,
    ReplyCounts,
)
from app.meetings.unfinished import OpenTask
from app.members.models import Member
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.rules import RuleSet, rules_in_force, rules_named

# Statements that every second request needs are made once: to put one together takes longer than to answer it.
_IDS = bindparam("ids", type_=ARRAY(Uuid()))


def _select_with_path() -> Select[Meeting, list[UUID], bool]:
    return select(Meeting, Organisation.path, is_asker_called().label("is_called")).join(
        Organisation, Organisation.id == Meeting.organisation_id
    )


@cache
def _select_visible_of() -> Select[Meeting, list[UUID], bool]:
    return _select_with_path().where(Meeting.id == any_(_IDS))


@cache
def _select_visible(*, for_update: bool = False, for_share: bool = False) -> Select[Meeting, list[UUID], bool]:
    wanted = _select_with_path().where(Meeting.id == bindparam("meeting", type_=Uuid()))
    if for_update:
        wanted = wanted.options(selectinload(Meeting.agenda))
    return wanted.with_for_update(of=Meeting, read=for_share) if for_update or for_share else wanted


async def get_visible_meeting(
    session: Session, actor: Actor, meeting_id: UUID, *, for_update: bool = False, for_share: bool = False
) -> tuple[Meeting, tuple[UUID, ...]]:
    """Return a meeting and its organisation's path; raises MeetingNotFound where the caller may not know of it.

    `for_update` locks the row until the unit of work ends, so that two organisers' steps follow each other, and loads
    the agenda with it; `for_share` only keeps it as it is, while several members reply.
    """
    wanted = _select_visible(for_update=for_update, for_share=for_share)
    given = {**asker(actor, session.today()), "meeting": meeting_id}
    row = (await session.execute(wanted, given)).one_or_none()
    if row is None:
        raise MeetingNotFound
    access.require_visible(actor, row.Meeting, row.path, is_called=row.is_called)
    return row.Meeting, tuple(row.path)


def agenda_of(meeting_id: SQLColumnExpression[UUID]) -> ColumnElement[Any]:
    """Return the agenda (Any: a JSON list of what `AgendaItemView` shows) of a meeting, for each of a query's rows."""
    papers = (
        select(
            func.coalesce(
                func.json_agg(aggregate_order_by(AgendaItemDocument.document_id, AgendaItemDocument.place)),
                func.json_build_array(),
            )
        )
        .where(
            AgendaItemDocument.meeting_id == AgendaItem.meeting_id,
            AgendaItemDocument.position == AgendaItem.position,
        )
        .scalar_subquery()
    )
    return (
        select(
            func.coalesce(
                func.json_agg(
                    func.json_build_object(
                        "position",
                        AgendaItem.position,
                        "title",
                        AgendaItem.title,
                        "minutes",
                        AgendaItem.minutes,
                        "presenter",
                        AgendaItem.presenter,
                        "body",
                        AgendaItem.body,
                        "document_ids",
                        papers,
                    ).op("ORDER BY")(AgendaItem.position)
                ),
                func.json_build_array(),
            )
        )
        .where(AgendaItem.meeting_id == meeting_id)
        .scalar_subquery()
    )


def _select_views(member_id: UUID | SQLColumnExpression[UUID]) -> Select[Any]:
    # Any: a row of many columns. One statement: the agenda as JSON beside the meeting, the viewer's reply joined.
    latest_paper = (
        select(func.max(AgendaItemDocument.attached_at))
        .where(AgendaItemDocument.meeting_id == Meeting.id)
        .scalar_subquery()
    )
    return (
        select(
            *(column for column in Meeting.__table__.columns if column.name != "check_in_secret"),
            agenda_of(Meeting.id).label("agenda"),
            latest_paper.label("latest_paper_at"),
            MeetingReply.reply,
            MeetingReply.reason.label("reply_reason"),
            MeetingReply.replied_at,
            MeetingReply.entered_by,
            MeetingReply.schedule_version.label("replied_schedule_version"),
        )
        .select_from(Meeting)
        .outerjoin(
            MeetingReply,
            and_(MeetingReply.meeting_id == Meeting.id, MeetingReply.member_id == member_id),
        )
    )


@cache
def _select_view() -> Select[Any]:
    return _select_views(bindparam("me", type_=Uuid())).where(Meeting.id == bindparam("meeting", type_=Uuid()))


@cache
def _select_found() -> Select[Any]:
    return (
        _select_views(bindparam("me", type_=Uuid()))
        .join(Organisation, Organisation.id == Meeting.organisation_id)
        .add_columns(Organisation.path, is_asker_called().label("is_called"))
        .where(Meeting.id == any_(_IDS))
    )


def _view(row: Row[Any], counts: ReplyCounts | None, warnings: list[str]) -> MeetingView:
    reply = None
    if row.reply is not None:
        reply = MyReply(
            reply=row.reply,
            reason=row.reply_reason,
            replied_at=row.replied_at,
            entered_by=row.entered_by,
            before_last_move=row.replied_schedule_version < row.schedule_version,
        )
    return MeetingView(
        id=row.id,
        organisation_id=row.organisation_id,
        kind=row.kind,
        status=row.status,
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        time_zone=row.time_zone,
        place=row.place,
        online_url=row.online_url,
        reason=row.reason,
        agenda=[AgendaItemView.model_validate(item) for item in row.agenda],
        version=row.version,
        schedule_version=row.schedule_version,
        started_at=row.started_at,
        ended_at=row.ended_at,
        chair_id=row.chair_id,
        minute_taker_id=row.minute_taker_id,
        rule_set=row.rule_set,
        warnings=warnings,
        my_reply=reply,
        reply_counts=counts,
    )


async def view_meeting(session: Session, actor: Actor, meeting_id: UUID, *, path: Sequence[UUID]) -> MeetingView:
    """Return a meeting that the caller is known to see, as they see it."""
    await session.flush()
    row = (await session.execute(_select_view(), {"me": actor.member_id, "meeting": meeting_id})).one()
    counts: dict[UUID, ReplyCounts] = {}
    if access.organises(actor, path[-1]) or access.oversees(actor, path):
        counts = await count_replies(session, [row])
    warnings = await _warnings(session, actor, [row])
    return _view(row, counts.get(row.id), warnings[row.id])


async def get_meeting(session: Session, actor: Actor, meeting_id: UUID) -> MeetingView:
    """Return one meeting; raises MeetingNotFound."""
    _, path = await get_visible_meeting(session, actor, meeting_id)
    return await view_meeting(session, actor, meeting_id, path=path)


async def find_visible_meetings(session: Session, actor: Actor, ids: Collection[UUID]) -> list[Meeting]:
    """Return those of the meetings that the caller may know of."""
    rows = await session.execute(_select_visible_of(), {**asker(actor, session.today()), "ids": list(ids)})
    return [row.Meeting for row in rows if access.sees(actor, row.Meeting.status, row.path, is_called=row.is_called)]


async def find_meetings(session: Session, actor: Actor, ids: Collection[UUID]) -> list[MeetingView]:
    """Return those of the meetings that the caller may know of, each as `get_meeting` does."""
    given = {**asker(actor, session.today()), "ids": list(ids)}
    rows = [
        row
        for row in await session.execute(_select_found(), given)
        if access.sees(actor, row.status, row.path, is_called=row.is_called)
    ]
    counts = await count_replies(
        session, [row for row in rows if access.organises(actor, row.path[-1]) or access.oversees(actor, row.path)]
    )
    warnings = await _warnings(session, actor, rows)
    return [_view(row, counts.get(row.id), warnings[row.id]) for row in rows]


def _cut(wanted: Select[Any], *, is_first: bool) -> Select[Any]:
    """Cut to a page by the starts; parameters are `limit` and, on a later page, `last_start` and `last_id`."""
    if not is_first:
        last = tuple_(bindparam("last_start", type_=DateTime(timezone=True)), bindparam("last_id", type_=Uuid))
        wanted = wanted.where(tuple_(Meeting.starts_at, Meeting.id) > last)
    return wanted.order_by(Meeting.starts_at, Meeting.id).limit(bindparam("limit", type_=Integer))


async def list_meetings(session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest) -> MeetingPage:
    """Return all meetings of an organisation, by their start; drafts only for its organisers.

    Raises OrganisationNotFound, also for organisations whose meetings the caller may not know of.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    wanted = _select_views(actor.member_id).where(Meeting.organisation_id == organisation_id)
    organises = access.organises(actor, organisation_id)
    oversees = access.oversees(actor, organisation.path)
    if not organises:
        wanted = wanted.where(Meeting.status != MeetingStatus.draft)
    if not (organises or oversees):
        wanted = wanted.where(is_called(actor, session.today()))
    wanted = _cut(wanted, is_first=paging.after is None)
    return await _page(session, actor, wanted, paging, {}, counted=lambda _: organises or oversees)


async def _page(
    session: Session,
    actor: Actor,
    wanted: Select[Any],
    paging: PageRequest,
    values: dict[str, Any],
    *,
    counted: Callable[[UUID], bool],
) -> MeetingPage:
    """Page the meetings; `counted` says for an organisation whether the caller may know how many come."""
    after = paging.after_instant()
    last = {"last_start": after[0], "last_id": after[1]} if after is not None else {}
    rows = (await session.execute(wanted, {**values, **last, "limit": paging.limit + 1})).all()
    counts = await count_replies(session, [row for row in rows if counted(row.organisation_id)])
    warnings = await _warnings(session, actor, rows)
    return paging.page(
        rows,
        into=MeetingPage,
        view=lambda row: _view(row, counts.get(row.id), warnings[row.id]),
        key=lambda row: (row.starts_at.isoformat(), row.id),
    )


def rules_of(meeting: Meeting | Row[Any]) -> RuleSet:
    """Return the rules a meeting began under; before it begins, those that will be in force on its day."""
    if meeting.rule_set is not None:
        return rules_named(meeting.rule_set)
    return rules_in_force(meeting.starts_at.astimezone(ZoneInfo(meeting.time_zone)).date())


async def tally_rosters(session: Session, meeting_ids: Collection[UUID]) -> dict[UUID, Tally]:
    """Return the head counts of each meeting, in which temporary guests are not counted; zeros before the start."""
    rows = await session.execute(
        select(RosterEntry.meeting_id, RosterEntry.attendance, RosterEntry.is_exempt, func.count().label("members"))
        .where(RosterEntry.meeting_id.in_(meeting_ids), RosterEntry.standing != RosterStanding.temporary_guest)
        .group_by(RosterEntry.meeting_id, RosterEntry.attendance, RosterEntry.is_exempt)
    )
    counted: dict[UUID, dict[tuple[Attendance | None, bool], int]] = {one: {} for one in meeting_ids}
    for row in rows:
        counted[row.meeting_id][row.attendance, row.is_exempt] = row.members
    return {one: tally(numbers) for one, numbers in counted.items()}


async def _warnings(session: Session, actor: Actor, rows: Sequence[Row[Any]]) -> dict[UUID, list[str]]:
    """Return what organisers are warned of, by meeting: nothing is stopped by it (domain.md 12, 17)."""
    mine = [row for row in rows if access.organises(actor, row.organisation_id)]
    in_session = [row.id for row in mine if row.status is MeetingStatus.in_session]
    tallies = await tally_rosters(session, in_session) if in_session else {}
    warnings: dict[UUID, list[str]] = {row.id: [] for row in rows}
    for row in mine:
        rules = rules_of(row)
        if row.latest_paper_at is not None and row.latest_paper_at > row.starts_at - rules.papers_before:
            warnings[row.id].append("papers_late")
        if row.ends_at is not None and row.ends_at - row.starts_at < rules.shortest_meeting:
            warnings[row.id].append("shorter_than_rule")
        if row.id in tallies and not tallies[row.id].has_quorum(rules):
            warnings[row.id].append("quorum_missing")
    return warnings


async def list_open_tasks(session: Session, organisation_id: UUID, kind: MeetingKind) -> list[OpenTask]:
    """Return what earlier meetings gave out and nobody has closed, by deadline; a committee's for its own meetings."""
    is_committees = Meeting.kind == MeetingKind.committee
    rows = await session.execute(
        select(MeetingTask.title, Member.full_name, MeetingTask.due_on)
        .join(Meeting, Meeting.id == MeetingTask.meeting_id)
        .join(Member, Member.id == MeetingTask.assignee_id)
        .where(
            MeetingTask.organisation_id == organisation_id,
            MeetingTask.status == TaskStatus.open,
            is_committees if kind is MeetingKind.committee else ~is_committees,
        )
        .order_by(MeetingTask.due_on, MeetingTask.id)
    )
    return [OpenTask(title=row.title, assignee=row.full_name, due_on=row.due_on) for row in rows]

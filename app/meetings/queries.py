"""Reads of meetings; visibility comes first in each."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import selectinload

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor, PostKind
from app.meetings import access
from app.meetings.errors import MeetingNotFound
from app.meetings.models import AgendaItem, Meeting, MeetingKind, MeetingReply, MeetingStatus, ReplyKind
from app.meetings.schemas import (
    AgendaItemView,
    MeetingPage,
    MeetingView,
    MyReply,
    ReplyCounts,
    ReplyPage,
    ReplyView,
)
from app.members.models import Member, Standing, StandingKind
from app.members.posts.models import Post
from app.members.queries import away_on, convened
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation

COMMITTEE = frozenset({PostKind.secretary, PostKind.deputy_secretary, PostKind.committee_member})


def convened_to(*, organisation_id: UUID, kind: MeetingKind, on: date) -> Select[UUID]:
    """Select the ids of the members called to a meeting: the branch, or its committee for a committee meeting."""
    if kind is not MeetingKind.committee:
        return convened(organisation_id, on)
    seats = select(Post.member_id).where(
        Post.organisation_id == organisation_id,
        Post.kind.in_(COMMITTEE),
        Post.starts_on <= on,
        or_(Post.ends_on.is_(None), Post.ends_on >= on),
    )
    return seats.distinct()  # a secretary may hold a seat of the committee as well


def _is_called(actor: Actor, on: date) -> ColumnElement[bool]:
    """Say whether the caller is called to a meeting: one of their branch, or where they are guest or have a seat."""
    branch = or_(Meeting.organisation_id == actor.organisation_id, _is_guest(actor, on))
    return or_(and_(branch, Meeting.kind != MeetingKind.committee), _has_a_seat(actor))


def _has_a_seat(actor: Actor) -> ColumnElement[bool]:
    """Say whether it is a meeting of a committee that the caller sits on, in whichever branch they are at home."""
    seats = {post.organisation_id for post in actor.posts if post.kind in COMMITTEE}
    return and_(Meeting.kind == MeetingKind.committee, Meeting.organisation_id.in_(seats))


def _is_guest(actor: Actor, on: date) -> ColumnElement[bool]:
    return exists().where(
        Standing.member_id == actor.member_id,
        Standing.organisation_id == Meeting.organisation_id,
        Standing.kind == StandingKind.temporary_guest,
        Standing.starts_on <= on,
        or_(Standing.ends_on.is_(None), Standing.ends_on >= on),
    )


async def get_visible_meeting(
    session: Session, actor: Actor, meeting_id: UUID, *, for_update: bool = False
) -> tuple[Meeting, tuple[UUID, ...]]:
    """Return a meeting and its organisation's path; raises MeetingNotFound where the caller may not know of it.

    `for_update` locks the row until the unit of work ends, so that two organisers' steps follow each other, and loads
    the agenda with it.
    """
    wanted = (
        select(
            Meeting,
            Organisation.path,
            _is_called(actor, session.today()).label("is_called"),
        )
        .join(Organisation, Organisation.id == Meeting.organisation_id)
        .where(Meeting.id == meeting_id)
    )
    if for_update:
        wanted = wanted.with_for_update(of=Meeting).options(selectinload(Meeting.agenda))
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise MeetingNotFound
    access.require_visible(actor, row.Meeting, row.path, is_called=row.is_called)
    return row.Meeting, tuple(row.path)


def _select_views(actor: Actor) -> Select[Any]:
    # Any: a row of many columns. One statement: the agenda as JSON beside the meeting, the viewer's reply joined.
    agenda = (
        select(
            func.coalesce(
                func.jsonb_agg(
                    func.jsonb_build_object(
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
                    ).op("ORDER BY")(AgendaItem.position)
                ),
                func.jsonb_build_array(),
            )
        )
        .where(AgendaItem.meeting_id == Meeting.id)
        .scalar_subquery()
    )
    return (
        select(
            *(column for column in Meeting.__table__.columns),
            agenda.label("agenda"),
            MeetingReply.reply,
            MeetingReply.reason.label("reply_reason"),
            MeetingReply.replied_at,
            MeetingReply.entered_by,
            MeetingReply.schedule_version.label("replied_schedule_version"),
        )
        .select_from(Meeting)
        .outerjoin(
            MeetingReply,
            and_(MeetingReply.meeting_id == Meeting.id, MeetingReply.member_id == actor.member_id),
        )
    )


def _view(row: Row[Any], counts: ReplyCounts | None) -> MeetingView:
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
        agenda=[AgendaItemView(**item, document_ids=[]) for item in row.agenda],
        version=row.version,
        schedule_version=row.schedule_version,
        my_reply=reply,
        reply_counts=counts,
    )


async def view_meeting(session: Session, actor: Actor, meeting_id: UUID, *, path: Sequence[UUID]) -> MeetingView:
    """Return a meeting that the caller is known to see, as they see it."""
    await session.flush()
    row = (await session.execute(_select_views(actor).where(Meeting.id == meeting_id))).one()
    counts: dict[UUID, ReplyCounts] = {}
    if access.organises(actor, path[-1]) or access.oversees(actor, path):
        counts = await _reply_counts(session, [row])
    return _view(row, counts.get(row.id))


async def get_meeting(session: Session, actor: Actor, meeting_id: UUID) -> MeetingView:
    """Return one meeting; raises MeetingNotFound."""
    _, path = await get_visible_meeting(session, actor, meeting_id)
    return await view_meeting(session, actor, meeting_id, path=path)


async def list_my_meetings(
    session: Session, actor: Actor, *, since: datetime | None, until: datetime | None, paging: PageRequest
) -> MeetingPage:
    """Return the meetings one is called to, by their start, from `since` (today's beginning there) until `until`.

    Instants without an offset are taken in the member's own zone.
    """
    zone = ZoneInfo(actor.time_zone)
    begin = _in_zone(since, zone) or datetime.combine(session.now().astimezone(zone).date(), time(), tzinfo=zone)
    wanted = _select_views(actor).where(
        _is_called(actor, session.today()), Meeting.status != MeetingStatus.draft, Meeting.starts_at >= begin
    )
    end = _in_zone(until, zone)
    if end is not None:
        wanted = wanted.where(Meeting.starts_at < end)
    return await _page(session, wanted, paging, counted=lambda where: access.organises(actor, where))


def _in_zone(value: datetime | None, zone: ZoneInfo) -> datetime | None:
    if value is None or value.tzinfo is not None:
        return value
    return value.replace(tzinfo=zone)


async def list_meetings(session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest) -> MeetingPage:
    """Return all meetings of an organisation, by their start; drafts only for its organisers.

    Raises OrganisationNotFound, also for organisations whose meetings the caller may not know of.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    wanted = _select_views(actor).where(Meeting.organisation_id == organisation_id)
    organises = access.organises(actor, organisation_id)
    oversees = access.oversees(actor, organisation.path)
    if not organises:
        wanted = wanted.where(Meeting.status != MeetingStatus.draft)
    if not (organises or oversees):
        wanted = wanted.where(_is_called(actor, session.today()))
    return await _page(session, wanted, paging, counted=lambda _: organises or oversees)


async def _page(
    session: Session, wanted: Select[Any], paging: PageRequest, *, counted: Callable[[UUID], bool]
) -> MeetingPage:
    """Page the meetings; `counted` says for an organisation whether the caller may know how many come."""
    after = paging.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(Meeting.starts_at, Meeting.id) > tuple_(*after))
    rows = (await session.execute(wanted.order_by(Meeting.starts_at, Meeting.id).limit(paging.limit + 1))).all()
    counts = await _reply_counts(session, [row for row in rows if counted(row.organisation_id)])
    return paging.page(
        rows,
        into=MeetingPage,
        view=lambda row: _view(row, counts.get(row.id)),
        key=lambda row: (row.starts_at.isoformat(), row.id),
    )


async def _reply_counts(session: Session, rows: Sequence[Row[Any]]) -> dict[UUID, ReplyCounts]:
    said = await session.execute(
        select(MeetingReply.meeting_id, MeetingReply.reply, func.count().label("replies"))
        .where(MeetingReply.meeting_id.in_([row.id for row in rows]))
        .group_by(MeetingReply.meeting_id, MeetingReply.reply)
    )
    by_meeting: dict[UUID, dict[str, int]] = {}
    for one in said:
        by_meeting.setdefault(one.meeting_id, {})[one.reply] = one.replies
    called: dict[tuple[UUID, str, date], int] = {}
    counts = {}
    for row in rows:
        key = (row.organisation_id, row.kind, session.today())
        if key not in called:
            people = convened_to(organisation_id=key[0], kind=MeetingKind(row.kind), on=key[2]).subquery()
            called[key] = await session.scalar(select(func.count()).select_from(people)) or 0
        replies = by_meeting.get(row.id, {})
        counts[row.id] = ReplyCounts(
            attending=replies.get(ReplyKind.attending, 0),
            attending_online=replies.get(ReplyKind.attending_online, 0),
            absent=replies.get(ReplyKind.absent, 0),
            silent=max(called[key] - sum(replies.values()), 0),
        )
    return counts


async def list_replies(session: Session, actor: Actor, meeting_id: UUID, *, paging: PageRequest) -> ReplyPage:
    """Return everybody convened with what they said, by name; raises MeetingNotFound, NotForYourPost."""
    meeting, _ = await get_visible_meeting(session, actor, meeting_id)
    access.require_organiser(actor, meeting.organisation_id)
    today = session.today()
    people = convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=today)
    wanted = (
        select(
            Member.id,
            Member.full_name,
            Member.sort_key,
            Member.id.in_(away_on(today)).label("away"),
            MeetingReply,
        )
        .outerjoin(MeetingReply, and_(MeetingReply.member_id == Member.id, MeetingReply.meeting_id == meeting.id))
        .where(Member.id.in_(people))
        .order_by(Member.sort_key, Member.id)
        .limit(paging.limit + 1)
    )
    if paging.after is not None:
        wanted = wanted.where(tuple_(Member.sort_key, Member.id) > tuple_(*paging.after))
    rows = (await session.execute(wanted)).all()
    return paging.page(
        rows,
        into=ReplyPage,
        view=lambda row: ReplyView(
            member_id=row.id,
            full_name=row.full_name,
            away=row.away,
            reply=view_reply(row.MeetingReply, meeting) if row.MeetingReply else None,
        ),
        key=lambda row: (row.sort_key, row.id),
    )


def view_reply(reply: MeetingReply, meeting: Meeting) -> MyReply:
    """Return a reply as it is shown beside its meeting."""
    return MyReply(
        reply=reply.reply,
        reason=reply.reason,
        replied_at=reply.replied_at,
        entered_by=reply.entered_by,
        before_last_move=reply.schedule_version < meeting.schedule_version,
    )

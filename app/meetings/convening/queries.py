"""Who is called to a meeting, and how many of them have said what; who was, once it has begun."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.security import COMMITTEE, Reader
from app.meetings.errors import NotOnRoster
from app.meetings.models import (
    UPCOMING,
    Meeting,
    MeetingKind,
    MeetingReply,
    ReplyKind,
    RosterEntry,
)
from app.meetings.schemas import (
    ReplyCounts,
)
from app.members.models import Post
from app.members.queries import Day, convened, holds_on, hosts_of


def convened_to(*, organisation_id: UUID | SQLColumnExpression[UUID], kind: MeetingKind, on: Day) -> Select[UUID]:
    """Select the ids of the members called to a meeting: the branch, or its committee for a committee meeting."""
    if kind is not MeetingKind.committee:
        return convened(organisation_id, on)
    return _seated(organisation_id, on)


def _seated(organisation_id: UUID | SQLColumnExpression[UUID], on: Day) -> Select[UUID]:
    seats = select(Post.member_id).where(
        Post.organisation_id == organisation_id,
        Post.kind.in_(COMMITTEE),
        holds_on(Post.starts_on, Post.ends_on, on),
    )
    return seats.distinct().correlate_except(Post)  # a secretary may hold a seat of the committee as well


def is_called(actor: Reader, on: date) -> ColumnElement[bool]:
    """Say whether the caller is called to a meeting: one of their branch, or where they are guest or have a seat."""
    given = asker(actor, on)
    return is_somebody_called(
        literal(given["me"], Uuid), literal(given["homes"], ARRAY(Uuid)), literal(given["seats"], ARRAY(Uuid)), on
    )


@cache
def is_asker_called() -> ColumnElement[bool]:
    """Say the same of the parameters that `asker` gives: for statements that are made once."""
    homes, seats = (bindparam(name, type_=ARRAY(Uuid())) for name in ("homes", "seats"))
    return is_somebody_called(bindparam("me", type_=Uuid()), homes, seats, bindparam("today", type_=Date()))


def asker(actor: Reader, on: date) -> dict[str, object]:
    """Return the parameters of `is_asker_called`."""
    seats = [post.organisation_id for post in actor.posts if post.kind in COMMITTEE]
    return {"me": actor.member_id, "homes": [actor.organisation_id, *actor.ended], "seats": seats, "today": on}


def is_somebody_called(
    member_id: SQLColumnExpression[UUID],
    homes: SQLColumnExpression[Sequence[UUID]],
    seats: SQLColumnExpression[Sequence[UUID]],
    on: Day,
) -> ColumnElement[bool]:
    """Say the same of parameters: `homes` are their branch and those ended under them, `seats` their committees."""
    is_committees = Meeting.kind == MeetingKind.committee
    hosts = hosts_of(member_id, on)
    places = union_all(select(func.unnest(homes)), hosts, select(func.unnest(seats)))
    return and_(
        # Said beside what it follows from: an index finds the meetings of few places, but none is found by an "or".
        Meeting.organisation_id == any_(func.array(places.scalar_subquery(), type_=ARRAY(Uuid))),
        or_(
            and_(or_(Meeting.organisation_id == any_(homes), Meeting.organisation_id.in_(hosts)), ~is_committees),
            and_(is_committees, Meeting.organisation_id == any_(seats)),
        ),
    )


def count_called(
    organisation_id: SQLColumnExpression[UUID], kind: SQLColumnExpression[MeetingKind], on: Day
) -> ColumnElement[int]:
    """Count whom `convened_to` selects, for each of a query's rows."""
    branch, committee = (
        func.cardinality(func.array(people.scalar_subquery()))
        for people in (convened(organisation_id, on), _seated(organisation_id, on))
    )
    return case((kind == MeetingKind.committee, committee), else_=branch)


def counts(on: Day) -> ColumnElement[bool]:
    """Say of a row of `meeting_replies` and its meeting that it is of its day, and who replied is called still.

    A seat or a stay may end between the call and the meeting: what they said would hide that somebody else is silent;
    once it has begun, all who replied count.
    """
    people = {"branch": convened(Meeting.organisation_id, on), "committee": _seated(Meeting.organisation_id, on)}
    is_called_still = {
        name: called.where(called.selected_columns[0] == MeetingReply.member_id).exists()
        for name, called in people.items()
    }
    return and_(
        MeetingReply.schedule_version >= Meeting.day_version,
        or_(
            Meeting.status.not_in(UPCOMING),
            case(
                (Meeting.kind == MeetingKind.committee, is_called_still["committee"]), else_=is_called_still["branch"]
            ),
        ),
    )


async def count_replies(session: Session, rows: Sequence[Row[Any]]) -> dict[UUID, ReplyCounts]:
    """Return the replies to each meeting's day by kind, and of how many who are called none is known."""
    if not rows:  # as for everybody but organisers and officers above
        return {}
    said = await session.execute(
        select(MeetingReply.meeting_id, MeetingReply.reply, func.count().label("replies"))
        .join(Meeting, Meeting.id == MeetingReply.meeting_id)
        .where(MeetingReply.meeting_id.in_([row.id for row in rows]), counts(session.today()))
        .group_by(MeetingReply.meeting_id, MeetingReply.reply)
    )
    by_meeting: dict[UUID, dict[str, int]] = {}
    for one in said:
        by_meeting.setdefault(one.meeting_id, {})[one.reply] = one.replies
    called: dict[tuple[UUID, str, date], int] = {}
    found = {}
    for row in rows:
        key = (row.organisation_id, row.kind, session.today())
        if key not in called:
            people = convened_to(organisation_id=key[0], kind=MeetingKind(row.kind), on=key[2]).subquery()
            called[key] = await session.scalar(select(func.count()).select_from(people)) or 0
        replies = by_meeting.get(row.id, {})
        found[row.id] = ReplyCounts(
            attending=replies.get(ReplyKind.attending, 0),
            attending_online=replies.get(ReplyKind.attending_online, 0),
            absent=replies.get(ReplyKind.absent, 0),
            silent=max(called[key] - sum(replies.values()), 0),
        )
    return found


async def require_on_roster(session: Session, meeting: Meeting, members: dict[str, UUID]) -> None:
    """Raise NotOnRoster with the pointer of each id that is not on it."""
    known = set(
        await session.scalars(
            select(RosterEntry.member_id).where(
                RosterEntry.meeting_id == meeting.id, RosterEntry.member_id.in_(members.values())
            )
        )
    )
    missing = [pointer for pointer, member_id in members.items() if member_id not in known]
    if missing:
        raise NotOnRoster(
            fields=tuple(
                FieldProblem(pointer=pointer, code=NotOnRoster.code, detail=NotOnRoster.title) for pointer in missing
            )
        )

"""Reads of polls; visibility comes first in each that a route calls."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import COMMITTEE, Actor
from app.meetings.convening.queries import convened_to
from app.meetings.models import Meeting, MeetingKind, MeetingStatus
from app.members.models import Member, Standing, StandingKind
from app.members.queries import has_left_by, holds_on
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.polls import access
from app.polls.errors import PollIsSecret, PollNotClosed, PollNotFound
from app.polls.models import (
    Ballot,
    Choice,
    Counted,
    Elector,
    Participation,
    Poll,
    PollStatus,
    Secrecy,
    Vote,
)
from app.polls.schemas import PollPage, PollView, TallyView, VotePage, VoteView
from app.polls.tally import percent

_IF_VOTING = frozenset({StandingKind.temporary_away, StandingKind.exempt, StandingKind.temporarily_exempt})


class Lock(StrEnum):
    """How a poll is held until the unit of work ends: ballots share it, the steps of organisers want it alone."""

    share = "share"
    alone = "alone"


_official, _other = aliased(Standing), aliased(Standing)


def electorate(*, organisation_id: UUID, for_committee: bool, on: date) -> Select[UUID, str]:
    """Select who has a vote on a day, and how each counts (domain.md 7, 18, 19).

    Official members of the branch, or of the committee's seats; not the probationary, guests, the suspended, nor who
    left. Whoever is temporarily away or exempt counts only if they take part and vote; who works away counts always.
    """

    def stands(kinds: frozenset[StandingKind]) -> ColumnElement[bool]:
        return exists().where(
            _other.member_id == _official.member_id,
            _other.kind.in_(kinds),
            holds_on(_other.starts_on, _other.ends_on, on),
        )

    called: ColumnElement[bool] = _official.organisation_id == organisation_id
    if for_committee:
        seats = convened_to(organisation_id=organisation_id, kind=MeetingKind.committee, on=on)
        called = _official.member_id.in_(seats)
    counted = case((stands(_IF_VOTING), Counted.if_voting.value), else_=Counted.always.value)
    return (
        select(_official.member_id, counted)
        .distinct()
        .where(
            called,
            _official.kind == StandingKind.official,
            holds_on(_official.starts_on, _official.ends_on, on),
            ~has_left_by(_official, on),
            ~stands(frozenset({StandingKind.suspended})),
        )
    )


def electors_of(poll_id: UUID) -> Select[UUID]:
    """Select the members who were electors at the opening."""
    return select(Elector.member_id).where(Elector.poll_id == poll_id)


def _is_elector(actor: Actor) -> ColumnElement[bool]:
    return exists().where(Elector.poll_id == Poll.id, Elector.member_id == actor.member_id)


def _is_called(actor: Actor) -> ColumnElement[bool]:
    """Say whether it is the caller's own poll: of their branch, of a committee they sit on, or with their vote now.

    Who had a vote in it and then left the branch, or the committee, reads nothing of it once it is closed.
    """
    seats = {post.organisation_id for post in actor.posts if post.kind in COMMITTEE}
    return or_(
        and_(~Poll.for_committee, Poll.organisation_id.in_((actor.organisation_id, *actor.ended))),
        and_(Poll.for_committee, Poll.organisation_id.in_(seats)),
        and_(_is_elector(actor), Poll.status == PollStatus.open),
    )


def _is_off() -> ColumnElement[bool]:
    return exists().where(Meeting.id == Poll.subject_id, Meeting.status == MeetingStatus.cancelled)


async def is_off(session: Session, poll_id: UUID) -> bool:
    """Say whether the poll's meeting was cancelled: nobody votes any more, though an organiser has yet to close it."""
    return bool(await session.scalar(select(_is_off()).where(Poll.id == poll_id)))


async def get_visible_poll(
    session: Session, actor: Actor, poll_id: UUID, *, lock: Lock | None = None
) -> tuple[Poll, tuple[UUID, ...]]:
    """Return a poll and its organisation's path; raises PollNotFound where the caller may not know of it."""
    wanted = (
        select(Poll, Organisation.path, _is_called(actor).label("is_called"))
        .join(Organisation, Organisation.id == Poll.organisation_id)
        .where(Poll.id == poll_id)
    )
    if lock is not None:
        wanted = wanted.with_for_update(of=Poll, read=lock is Lock.share)
    row = (await session.execute(wanted, execution_options={"populate_existing": True})).one_or_none()
    if row is None:
        raise PollNotFound
    access.require_visible(actor, row.Poll, row.path, is_called=row.is_called)
    return row.Poll, tuple(row.path)


async def stood_in_branch_of(session: Session, actor: Actor, poll_id: UUID) -> bool:
    """Say whether the caller is or was of the branch that an opened poll is put to, be it as a guest.

    They may hear that they have no vote; to anybody else it is not there.
    """
    stood = (
        select(Standing.id)
        .join(Poll, Poll.organisation_id == Standing.organisation_id)
        .where(
            Poll.id == poll_id,
            Poll.status != PollStatus.draft,
            ~Poll.for_committee,
            Standing.member_id == actor.member_id,
        )
    )
    return await session.scalar(stood.limit(1)) is not None


def _has_voted(poll_id: Any, member_id: Any) -> ColumnElement[bool]:
    # Any: columns or values. A poll has rows in one of the two tables only.
    return or_(
        exists().where(Vote.poll_id == poll_id, Vote.member_id == member_id),
        exists().where(Participation.poll_id == poll_id, Participation.voter == member_id),
    )


async def has_ballots(session: Session, poll_id: UUID) -> bool:
    """Say whether anybody has voted, by themselves, by a hand that was written down, or in secret."""
    voted = or_(exists().where(Vote.poll_id == poll_id), exists().where(Participation.poll_id == poll_id))
    return bool(await session.scalar(select(voted)))


def _joined(poll_id: Any) -> Select[int]:
    """Count those temporarily away or exempt who take part; Any: a column or a value."""
    return select(func.count()).where(
        Elector.poll_id == poll_id,
        Elector.counted == Counted.if_voting,
        _has_voted(Elector.poll_id, Elector.member_id),
    )


async def count_joined(session: Session, poll_id: UUID) -> int:
    """Return how many of those who count only if they vote have voted."""
    return await session.scalar(_joined(poll_id)) or 0


async def count_choices(session: Session, poll: Poll) -> dict[Choice, int]:
    """Return how many chose what, for the close; nobody is told before."""
    box = Ballot if poll.secrecy is Secrecy.secret else Vote
    rows = await session.execute(
        select(box.choice, func.count().label("ballots")).where(box.poll_id == poll.id).group_by(box.choice)
    )
    return {row.choice: row.ballots for row in rows}


def _select_views(actor: Actor) -> Select[Any]:
    # Any: a row of many columns.
    votes = select(func.count()).where(Vote.poll_id == Poll.id).scalar_subquery()
    participations = select(func.count()).where(Participation.poll_id == Poll.id).scalar_subquery()
    return select(
        *(column for column in Poll.__table__.columns),
        (votes + participations).label("voted_count"),
        _joined(Poll.id).scalar_subquery().label("joined_count"),
        and_(_is_elector(actor), ~_is_off()).label("may_vote"),
        _has_voted(Poll.id, actor.member_id).label("my_ballot_cast"),
    )


def _view(row: Row[Any]) -> PollView:
    # Any: see _select_views.
    result = None
    electorate_count: int | None = row.electorate_count
    if row.status == PollStatus.closed:
        result = TallyView(
            for_count=row.for_count,
            against_count=row.against_count,
            other_count=row.other_count,
            percent=percent(row.for_count, of=row.electorate_count),
            passed=row.passed,
        )
    elif electorate_count is not None:
        electorate_count += row.joined_count
    return PollView(
        id=row.id,
        version=row.version,
        organisation_id=row.organisation_id,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        question=row.question,
        matter=row.matter,
        secrecy=row.secrecy,
        status=row.status,
        rule_set=row.rule_set,
        electorate_count=electorate_count,
        voted_count=row.voted_count,
        may_vote=row.status == PollStatus.open and row.may_vote,
        my_ballot_cast=row.my_ballot_cast,
        tally=result,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


async def view_poll(session: Session, actor: Actor, poll_id: UUID) -> PollView:
    """Return a poll that the caller is known to see, as they see it."""
    await session.flush()
    return _view((await session.execute(_select_views(actor).where(Poll.id == poll_id))).one())


async def get_poll(session: Session, actor: Actor, poll_id: UUID) -> PollView:
    """Return one poll; raises PollNotFound."""
    await get_visible_poll(session, actor, poll_id)
    return await view_poll(session, actor, poll_id)


async def find_polls(session: Session, actor: Actor, ids: Collection[UUID]) -> list[PollView]:
    """Return those of the polls that the caller may know of."""
    rows = await session.execute(
        _select_views(actor)
        .join(Organisation, Organisation.id == Poll.organisation_id)
        .add_columns(Organisation.path, _is_called(actor).label("is_called"))
        .where(Poll.id.in_(ids))
    )
    return [_view(row) for row in rows if access.sees(actor, row.status, row.path, is_called=row.is_called)]


async def list_polls(
    session: Session, actor: Actor, organisation_id: UUID, *, status: PollStatus | None, paging: PageRequest
) -> PollPage:
    """Return the polls of an organisation that the caller may know of, by their making.

    Raises OrganisationNotFound. Guests of the branch find none.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    wanted = _select_views(actor).where(Poll.organisation_id == organisation_id)
    if not access.organises(actor, organisation_id):
        known = and_(_is_called(actor), Poll.status != PollStatus.draft)
        if access.oversees(actor, organisation.path):
            known = or_(known, Poll.status == PollStatus.closed)
        wanted = wanted.where(known)
    if status is not None:
        wanted = wanted.where(Poll.status == status)
    after = paging.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(Poll.created_at, Poll.id) > tuple_(*after))
    rows = (await session.execute(wanted.order_by(Poll.created_at, Poll.id).limit(paging.limit + 1))).all()
    return paging.page(rows, into=PollPage, view=_view, key=lambda row: (row.created_at.isoformat(), row.id))


async def list_votes(session: Session, actor: Actor, poll_id: UUID, *, paging: PageRequest) -> VotePage:
    """Return who voted how in a closed open poll, by name.

    Raises PollNotFound, NotForYourPost for officers above, PollIsSecret, and PollNotClosed, since there is no tally
    before the close.
    """
    poll, _ = await get_visible_poll(session, actor, poll_id)
    is_called = await session.scalar(select(_is_called(actor)).where(Poll.id == poll_id))
    access.require_insider(actor, poll.organisation_id, is_called=bool(is_called))
    if poll.secrecy is Secrecy.secret:
        raise PollIsSecret
    if poll.status is not PollStatus.closed:
        raise PollNotClosed
    wanted = (
        select(Vote.member_id, Member.full_name, Member.sort_key, Vote.choice, Vote.entered_by)
        .join(Member, Member.id == Vote.member_id)
        .where(Vote.poll_id == poll_id)
        .order_by(Member.sort_key, Member.id)
        .limit(paging.limit + 1)
    )
    if paging.after is not None:
        wanted = wanted.where(tuple_(Member.sort_key, Member.id) > tuple_(*paging.after))
    rows = (await session.execute(wanted)).all()
    return paging.page(rows, into=VotePage, view=VoteView.model_validate, key=lambda row: (row.sort_key, row.member_id))


async def require_closed(session: Session, subject_id: UUID, *, organisation_id: UUID | None = None) -> None:
    """Raise PollNotClosed while a poll of a meeting or resolution is open: any, or one of an organisation."""
    opened = select(Poll.id).where(Poll.subject_id == subject_id, Poll.status == PollStatus.open)
    if organisation_id is not None:
        opened = opened.where(Poll.organisation_id == organisation_id)
    if await session.scalar(opened.limit(1)) is not None:
        raise PollNotClosed

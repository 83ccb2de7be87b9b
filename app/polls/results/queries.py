"""Reads of what polls have come to, whoever asks: commands and minutes that build on them know who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.kernel.db import Session
from app.polls.errors import PollNotFound
from app.polls.models import Matter, Poll, PollStatus, Secrecy, SubjectType
from app.polls.tally import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a poll has come to; the figures and `passed` are None until it is closed."""

    poll_id: UUID
    subject_type: SubjectType
    subject_id: UUID
    status: PollStatus
    passed: bool | None
    for_count: int | None
    against_count: int | None
    other_count: int | None
    denominator: int | None
    voted_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """A closed poll as minutes write it down; `percent` is in favour, of the denominator."""

    poll_id: UUID
    subject_id: UUID
    question: str
    matter: Matter
    secrecy: Secrecy
    for_count: int
    against_count: int
    other_count: int
    voted_count: int
    denominator: int
    percent: float
    passed: bool
    closed_at: datetime


async def get_decision(session: Session, poll_id: UUID) -> Decision:
    """Return what a poll has come to, whoever asks; raises PollNotFound."""
    poll = await session.get(Poll, poll_id, populate_existing=True)
    if poll is None:
        raise PollNotFound
    closed = poll.status is PollStatus.closed
    return Decision(
        poll_id=poll.id,
        subject_type=poll.subject_type,
        subject_id=poll.subject_id,
        status=poll.status,
        passed=poll.passed,
        for_count=poll.for_count,
        against_count=poll.against_count,
        other_count=poll.other_count,
        denominator=poll.electorate_count if closed else None,
        voted_count=_voted_count(poll) if closed else None,
    )


async def list_results(session: Session, *, subject_ids: Sequence[UUID], organisation_id: UUID) -> list[PollResult]:
    """Return an organisation's closed polls of meetings and resolutions, in the order they were made.

    In a merger what is voted on may change hands; a vote that was taken stays that of the branch that took it.
    """
    polls = await session.scalars(
        select(Poll)
        .where(
            Poll.subject_id.in_(subject_ids),
            Poll.status == PollStatus.closed,
            Poll.organisation_id == organisation_id,
        )
        .order_by(Poll.created_at, Poll.id)
    )
    return [_result(poll) for poll in polls]


def _voted_count(poll: Poll) -> int:
    return (poll.for_count or 0) + (poll.against_count or 0) + (poll.other_count or 0)


def _result(poll: Poll) -> PollResult:
    assert poll.closed_at is not None
    denominator = poll.electorate_count or 0
    in_favour = poll.for_count or 0
    return PollResult(
        poll_id=poll.id,
        subject_id=poll.subject_id,
        question=poll.question,
        matter=poll.matter,
        secrecy=poll.secrecy,
        for_count=in_favour,
        against_count=poll.against_count or 0,
        other_count=poll.other_count or 0,
        voted_count=_voted_count(poll),
        denominator=denominator,
        percent=percent(in_favour, of=denominator),
        passed=bool(poll.passed),
        closed_at=poll.closed_at,
    )

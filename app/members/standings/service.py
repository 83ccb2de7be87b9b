"""Commands on the dated rows of membership; the features that decide about them judge rights and record the facts."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true

from app.kernel.db import Session
from app.members.models import MEMBERSHIP, Member, Standing, StandingKind

CARRIED = MEMBERSHIP | {StandingKind.exempt, StandingKind.temporarily_exempt, StandingKind.suspended}
"""What somebody takes along to another branch; the rest belongs to the branch it holds in."""


async def begin_standing(
    session: Session,
    member_id: UUID,
    organisation_id: UUID,
    kind: StandingKind,
    *,
    starts_on: date,
    ends_on: date | None = None,
) -> Standing:
    """Write one more state of a member, from a day to a day (both included)."""
    standing = Standing(
        id=session.new_id(),
        member_id=member_id,
        organisation_id=organisation_id,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    session.add(standing)
    await session.flush()
    return standing


async def end_standings(session: Session, member_id: UUID, *kinds: StandingKind, on: date) -> None:
    """Let a member's states of these kinds hold up to the eve of a day, wherever they hold."""
    for standing in await _holding(session, member_id, on, Standing.kind.in_(kinds)):
        await _cut(session, standing, on=on)
    await session.flush()


async def shift_end(
    session: Session, member: Member, kind: StandingKind, *, since: date, before: date | None, to: date
) -> None:
    """Let a state that began on a day or later, and ends on `before`, end on `to`; taken back if that is too early.

    What ended on the eve of a move was not carried along: prolonged, it goes on in the new home. The caller has locked
    the member.
    """
    same_end = Standing.ends_on.is_not_distinct_from(before)
    for standing in await _holding(session, member.id, since, Standing.kind == kind, same_end):
        has_moved = kind in CARRIED and standing.organisation_id != member.organisation_id
        if has_moved and before is not None and before < to:
            going_on = before + timedelta(days=1)
            await begin_standing(session, member.id, member.organisation_id, kind, starts_on=going_on, ends_on=to)
        else:
            await _end(session, standing, last_day=to)
    await session.flush()


async def take_back(
    session: Session,
    member_id: UUID,
    kind: StandingKind,
    *,
    since: date,
    until: date | None,
    at: UUID | None = None,
) -> None:
    """Delete a state that was a mistake, in whichever branches it holds between the days, or at one alone."""
    up_to = true() if until is None else Standing.starts_on <= until
    there = true() if at is None else Standing.organisation_id == at
    for standing in await _holding(session, member_id, since, Standing.kind == kind, up_to, there):
        await session.delete(standing)
    await session.flush()


async def admit(session: Session, member: Member, *, on: date) -> None:
    """Make a locked candidate a member on probation from a day on."""
    await end_standings(session, member.id, StandingKind.candidate, on=on)
    await begin_standing(session, member.id, member.organisation_id, StandingKind.probationary, starts_on=on)
    member.admitted_on = on
    member.version += 1


async def recognise(session: Session, member: Member, *, on: date) -> None:
    """Make a locked member on probation official from a day on, in whichever branches they have been since."""
    for standing in await _holding(session, member.id, on, Standing.kind == StandingKind.probationary):
        await begin_standing(
            session,
            member.id,
            standing.organisation_id,
            StandingKind.official,
            starts_on=max(standing.starts_on, on),
            ends_on=standing.ends_on,
        )
        await _cut(session, standing, on=on)
    member.official_on = on
    member.version += 1
    await session.flush()


async def move_home(session: Session, member: Member, *, to: UUID | None, on: date) -> None:
    """Make another branch a member's home from a day on; None is one outside the system.

    Every state is cut at that day: what held before stays with the old branch, what goes on holds in the new one. A day
    before the old branch was merged cuts what they had in those before it. Outside the system they stay as they are,
    since being transferred overrules them all. The caller has locked the member.
    """
    home = member.organisation_id
    if to is not None:
        carried = (Standing.organisation_id != to, Standing.kind.in_(CARRIED))
        for standing in await _holding(session, member.id, on, *carried):
            await begin_standing(
                session,
                member.id,
                to,
                standing.kind,
                starts_on=max(standing.starts_on, on),
                ends_on=standing.ends_on,
            )
            await _cut(session, standing, on=on)
        # Who comes back to a branch has not left it any more.
        left = (Standing.organisation_id == to, Standing.kind == StandingKind.transferred)
        for standing in await _holding(session, member.id, on, *left):
            await _cut(session, standing, on=on)
        member.organisation_id = to
    await begin_standing(session, member.id, home, StandingKind.transferred, starts_on=on)
    member.version += 1
    await session.flush()


async def _holding(session: Session, member_id: UUID, on: date, *which: ColumnElement[bool]) -> Sequence[Standing]:
    """Return the member's states that hold on a day or later."""
    later = or_(Standing.ends_on.is_(None), Standing.ends_on >= on)
    rows = await session.scalars(select(Standing).where(Standing.member_id == member_id, later, *which))
    return rows.all()


async def _cut(session: Session, standing: Standing, *, on: date) -> None:
    await _end(session, standing, last_day=on - timedelta(days=1))


async def _end(session: Session, standing: Standing, *, last_day: date) -> None:
    """End it with a day; what would not have held for a day is taken back."""
    if standing.starts_on <= last_day:
        standing.ends_on = last_day
    else:
        await session.delete(standing)

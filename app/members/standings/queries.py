"""Reads of the dated rows of membership."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Select, or_, select, union

from app.kernel.context import reach
from app.kernel.db import Session
from app.members.models import MEMBERSHIP, Member, Post, Standing, StandingKind
from app.organisations.models import Organisation, OrganisationPeriod
from app.organisations.succession.queries import find_ancestries


async def membership_since(session: Session, member: Member) -> date | None:
    """Return since when, without a break, somebody has been a member in their branch of today; None: they are not.

    What was merged into it, or what it was split from, is that branch too: no day of a membership is lost by that.
    """
    ancestries = await find_ancestries(session, [member.organisation_id])
    rows = await session.scalars(
        select(Standing)
        .where(
            Standing.member_id == member.id,
            Standing.organisation_id.in_(ancestries[member.organisation_id]),
            Standing.kind.in_(MEMBERSHIP),
            Standing.starts_on <= session.today(),
        )
        .order_by(Standing.starts_on.desc())
    )
    since: date | None = None
    for row in rows:
        if row.ends_on is not None and row.ends_on < (since or session.today()) - timedelta(days=1 if since else 0):
            break
        since = row.starts_on
    return since


async def hosts_to_come(session: Session, member_id: UUID) -> Sequence[UUID]:
    """Return the organisations where somebody is a temporary guest, or will be."""
    rows = await session.scalars(
        select(Standing.organisation_id).where(
            Standing.member_id == member_id,
            Standing.kind == StandingKind.temporary_guest,
            or_(Standing.ends_on.is_(None), Standing.ends_on >= session.today()),
        )
    )
    return rows.all()


async def meet_where_they_stood(session: Session, members: Select[UUID]) -> None:
    """Let the unit of work meet the rows of wherever members stood or held a post, and of all that was ever above it.

    All that they took part in lies there: what is counted of it is then the same whoever asks, in a branch that took
    them in too. Only after it has been judged whether who asks may; counts and days may be shown of it, nothing else.
    """
    stood = union(
        select(Standing.organisation_id).where(Standing.member_id.in_(members)),
        select(Post.organisation_id).where(Post.member_id.in_(members)),
    )
    line = select(Organisation.id).where(Organisation.id.in_(stood)).cte("line", recursive=True)
    above = select(OrganisationPeriod.parent_id).join(line, line.c.id == OrganisationPeriod.organisation_id)
    line = line.union(above.where(OrganisationPeriod.parent_id.is_not(None)))
    await reach(session, *await session.scalars(select(line.c.id)))

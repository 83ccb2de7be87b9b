"""Reads of time away."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import or_, select

from app.kernel.db import Session
from app.kernel.security import Actor
from app.members.away import access
from app.members.away.errors import AwayPeriodNotFound
from app.members.away.schemas import AwayPeriodView
from app.members.models import AwayPeriod, Member
from app.organisations.models import Organisation


async def get_visible_away_period(session: Session, actor: Actor, away_period_id: UUID) -> tuple[AwayPeriod, Member]:
    """Return a time away the actor may know of, and the member; raises AwayPeriodNotFound."""
    found = (
        await session.execute(
            select(AwayPeriod, Member, Organisation.path)
            .join(Member, Member.id == AwayPeriod.member_id)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(AwayPeriod.id == away_period_id)
        )
    ).one_or_none()
    if found is None:
        raise AwayPeriodNotFound
    away_period, member, path = found
    if not access.knows_away(actor, member.id, path):
        raise AwayPeriodNotFound
    return away_period, member


async def find_away_periods(session: Session, actor: Actor, ids: Collection[UUID]) -> list[AwayPeriodView]:
    """Return those of the times away that the caller may know of."""
    rows = await session.execute(
        select(AwayPeriod, Organisation.path)
        .join(Member, Member.id == AwayPeriod.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(AwayPeriod.id.in_(ids))
    )
    return [
        AwayPeriodView.model_validate(away_period)
        for away_period, path in rows
        if access.knows_away(actor, away_period.member_id, path)
    ]


async def find_overlapping(session: Session, wanted: AwayPeriod) -> AwayPeriod | None:
    """Return another stored time away of the member that shares a day with the wanted one."""
    query = select(AwayPeriod).where(
        AwayPeriod.member_id == wanted.member_id,
        AwayPeriod.id != wanted.id,
        or_(AwayPeriod.ends_on.is_(None), AwayPeriod.ends_on >= wanted.starts_on),
    )
    if wanted.ends_on is not None:
        query = query.where(AwayPeriod.starts_on <= wanted.ends_on)
    found: AwayPeriod | None = await session.scalar(query.limit(1))
    return found

"""Reads of a branch's grades."""

from collections import Counter
from uuid import UUID

from sqlalchemy import Select, and_, select

from app.kernel.db import Session
from app.kernel.security import Actor
from app.members.models import MEMBERSHIP, Member, Standing
from app.members.queries import has_left_by, holds_on
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.queries import get_visible_organisation
from app.reports import access
from app.reports.errors import RatingsNotForBranch
from app.reports.models import Grade, MemberRating
from app.reports.ratios import is_over_cap
from app.reports.schemas import RatingsView, RatingView
from app.rules import rules_in_force


async def find_rated_branch(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    """Return a branch whose members the caller rates.

    Raises OrganisationNotFound, NotForYourPost, RatingsNotForBranch.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_rater(actor, organisation.path)
    if organisation.kind is not OrganisationKind.branch:
        raise RatingsNotForBranch
    return organisation


async def get_ratings(session: Session, actor: Actor, organisation_id: UUID, year: int) -> RatingsView:
    """Return the members of today, by name, with their grades. Raises as `find_rated_branch`."""
    branch = await find_rated_branch(session, actor, organisation_id)
    return await view_ratings(session, branch.id, year)


async def view_ratings(session: Session, branch_id: UUID, year: int) -> RatingsView:
    """Return a branch's grades."""
    rows = await session.execute(
        select(Member.id, Member.full_name, MemberRating.grade)
        .outerjoin(MemberRating, and_(MemberRating.member_id == Member.id, MemberRating.year == year))
        .where(Member.id.in_(select_rated(session, branch_id)))
        .order_by(Member.sort_key, Member.id)
    )
    items = [RatingView(member_id=row.id, full_name=row.full_name, grade=row.grade) for row in rows]
    count = Counter(item.grade for item in items)
    best, good = count[Grade.excellent], count[Grade.good]
    return RatingsView(
        year=year,
        excellent_count=best,
        good_count=good,
        is_over_cap=is_over_cap(best, good, rules_in_force(session.today())),
        items=items,
    )


def select_rated(session: Session, branch_id: UUID) -> Select[UUID]:
    """Select the ids of whoever is a member of the branch today."""
    today = session.today()
    return select(Standing.member_id).where(
        Standing.organisation_id == branch_id,
        Standing.kind.in_(MEMBERSHIP),
        holds_on(Standing.starts_on, Standing.ends_on, today),
        ~has_left_by(Standing, today),
    )

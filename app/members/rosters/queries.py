"""Reads of rosters: whom one lists, and what stands against a correction."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid

from app.kernel.context import hold
from app.kernel.db import Session
from app.kernel.security import Actor
from app.members.access import require_administrator, require_record_keeper
from app.members.models import FINAL, MEMBERSHIP, Member, Standing, StandingKind
from app.members.queries import holds_on, is_not_admitted
from app.members.rosters.columns import RosterColumn
from app.members.rosters.judging import NUMBERS, JudgedRow
from app.members.rosters.spreadsheet import Listed
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.queries import get_visible_organisation
from app.organisations.succession.queries import find_ancestries


async def get_kept_organisation(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    """Return a branch whose records the actor keeps, or an organisation that they administer with all below.

    Raises OrganisationNotFound, NotForYourPost.
    """
    found = await get_visible_organisation(session, actor, organisation_id)
    require_record_keeper(actor, found.path)
    if found.kind is not OrganisationKind.branch:
        require_administrator(actor, found.path)
    return found


async def count_listed(session: Session, organisation: Organisation) -> int:
    """Return how many members a roster lists."""
    return await session.scalar(select(func.count()).select_from(_listed(session, organisation).subquery())) or 0


async def find_listed(session: Session, organisation: Organisation) -> list[Listed]:
    """Return the members at and below an organisation, by branch and given name; not who left, nor candidates."""
    query = _listed(session, organisation).order_by(Organisation.name.collate("C"), Organisation.id, Member.sort_key)
    return [Listed(row.Member, row.name) for row in await session.execute(query)]


async def find_listed_of(
    session: Session, organisation: Organisation, ids: Collection[UUID], *, for_update: bool
) -> dict[UUID, Listed]:
    """Return those of the members that its roster lists; to be changed, they stay as they are read."""
    query = _listed(session, organisation).where(Member.id.in_(ids)).order_by(Member.id)
    if for_update:
        query = query.with_for_update(of=Member, key_share=True)
    rows = await session.execute(query, execution_options={"populate_existing": True})
    return {row.Member.id: Listed(row.Member, row.name) for row in rows}


async def hold_homes(session: Session, actor: Actor, organisation: Organisation, ids: Collection[UUID]) -> None:
    """Let none of the branches end that are written of with these members, before any of them is locked."""
    homes = select(Member.organisation_id).where(Member.id.in_(ids))
    named = {organisation.id, *(post.organisation_id for post in actor.posts)}
    wanted = or_(Organisation.id.in_(homes), Organisation.id.in_(named))
    held = select(Organisation.id).where(wanted).order_by(Organisation.id)
    await session.execute(held.with_for_update(read=True, key_share=True))


async def find_fixed(session: Session, members: Collection[Member]) -> set[UUID]:
    """Return those whose admission and official dates stay: who was a member elsewhere, or left somewhere."""
    homes = {member.id: member.organisation_id for member in members}
    elsewhere = Standing.kind.in_(MEMBERSHIP) & (Standing.organisation_id != Member.organisation_id)
    rows = await session.execute(
        select(Standing.member_id, Standing.kind, Standing.organisation_id)
        .join(Member, Member.id == Standing.member_id)
        .where(Member.id.in_(homes), or_(elsewhere, Standing.kind.in_(FINAL)))
    )
    ancestries = await find_ancestries(session, set(homes.values()))
    return {
        row.member_id
        for row in rows
        if row.kind in FINAL or row.organisation_id not in ancestries[homes[row.member_id]]
    }


async def find_holders(session: Session, judged: Sequence[JudgedRow]) -> dict[tuple[RosterColumn, str], UUID]:
    """Return who has a number that a row wants, wherever they are; who has left keeps nobody from theirs."""
    await hold(session, *(str(one.wanted[column]) for one in judged for column in NUMBERS if column in one.wanted))
    holders: dict[tuple[RosterColumn, str], UUID] = {}
    for column in NUMBERS:
        wanted = {one.wanted[column] for one in judged if column in one.wanted}
        if wanted:
            of_them = getattr(Member, column)
            rows = await session.execute(select(of_them, Member.id).where(of_them.in_(wanted), ~Member.has_left))
            holders |= {(column, number): member_id for number, member_id in rows}
    return holders


def _listed(session: Session, organisation: Organisation) -> Select[Member, str]:
    final = aliased(Standing)
    left = exists().where(
        final.member_id == Member.id,
        final.kind.in_(FINAL),
        or_(final.kind != StandingKind.transferred, final.organisation_id == Member.organisation_id),
        holds_on(final.starts_on, final.ends_on, session.today()),
    )
    return (
        select(Member, Organisation.name)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Organisation.path.contains(array([literal(organisation.id, Uuid)])), ~left, ~is_not_admitted())
    )

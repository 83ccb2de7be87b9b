from datetime import date
from uuid import UUID

from app.members.models import StandingKind
from app.members.queries import away_on, convened
from tests.conftest import RolledBackDatabase
from tests.factories.members import add_standing
from tests.factories.world import World

TODAY = date(2026, 11, 22)


async def _convened(database: RolledBackDatabase, branch: UUID, on: date = TODAY) -> set[UUID]:
    async with database.session() as session:
        return set(await session.scalars(convened(branch, on)))


async def test_branch_convenes_its_members_and_not_who_left(world: World, database: RolledBackDatabase) -> None:
    everybody = {person.member_id for person in world.branch_members}
    assert await _convened(database, world.branch_a) == everybody


async def test_guest_is_convened_at_the_host_and_at_home_while_it_lasts(
    world: World, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await add_standing(
            session,
            world.member.member_id,
            world.branch_b,
            StandingKind.temporary_guest,
            ends_on=date(2026, 11, 22),
        )
        await session.commit()
    assert world.member.member_id in await _convened(database, world.branch_b)
    assert world.member.member_id in await _convened(database, world.branch_a)
    assert world.member.member_id not in await _convened(database, world.branch_b, on=date(2026, 11, 23))


async def test_exempt_may_come_and_candidates_are_not_members(world: World, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        await add_standing(session, world.member.member_id, world.branch_a, StandingKind.exempt)
        await add_standing(session, world.stranger.member_id, world.branch_a, StandingKind.candidate)
        await session.commit()
    found = await _convened(database, world.branch_a)
    assert world.member.member_id in found
    assert world.stranger.member_id not in found


async def test_transferred_member_is_convened_where_they_went(world: World, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        who = world.member.member_id
        await add_standing(session, who, world.branch_a, StandingKind.transferred)
        await add_standing(session, who, world.branch_b, StandingKind.official)
        await session.commit()
    assert who in await _convened(database, world.branch_b)
    assert who not in await _convened(database, world.branch_a)


async def test_expelled_guest_is_convened_nowhere(world: World, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        who = world.member.member_id
        await add_standing(session, who, world.branch_b, StandingKind.temporary_guest)
        await add_standing(session, who, world.branch_a, StandingKind.expelled)
        await session.commit()
    assert who not in await _convened(database, world.branch_a)
    assert who not in await _convened(database, world.branch_b)


async def test_away_counts_both_its_days(world: World, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        assert set(await session.scalars(away_on(date(2026, 2, 28)))) == set()
        assert set(await session.scalars(away_on(date(2026, 3, 1)))) == {world.away.member_id}

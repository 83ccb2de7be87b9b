"""Which cursors are taken, and when a phone has to start again."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text, update

from app.changes.cursors import read_cursor, write_cursor
from app.changes.service import SCOPES_A_ROUND
from app.identity.models import LoginSession
from app.kernel.db import commit
from app.kernel.scopes import Change, Op
from app.kernel.tokens import TokenKeys
from app.worker import purge_old_rows
from tests.changes.phones import Phone, ask, fresh
from tests.conftest import RolledBackDatabase
from tests.factories import resolutions
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced
from tests.factories.world import World
from tests.worker import JobRunner

pytestmark = pytest.mark.usefixtures("told")


async def test_what_is_no_cursor_is_refused(member: AsyncClient) -> None:
    for given in ("0", "é", "!!!!", "x y"):
        answer = await ask(member, given)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid"), given


@pytest.mark.parametrize("limit", [0, 201, -1])
async def test_limit_out_of_range_is_refused(limit: int, member: AsyncClient) -> None:
    assert (await ask(member, limit=limit)).status_code == 422


async def refused(client: AsyncClient, phone: Phone) -> bool:
    """Whether the phone has to start again."""
    answer = await ask(client, phone.cursor)
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer.json()["code"]) == (410, "sync_cursor_expired")
    return True


async def test_a_cursor_of_somebody_else_or_of_a_key_that_was_taken_away_begins_anew(
    world: World, member: AsyncClient, signed_in: SignedIn, keys: TokenKeys, tmp_path: Path
) -> None:
    phone = await fresh(member)
    assert phone.cursor is not None
    assert await refused(signed_in(world.away), phone)
    known = read_cursor(phone.cursor, member_id=world.member.member_id, keys=keys)
    stolen = TokenKeys(tmp_path / "stolen", issuer="http://sotay.test")
    phone.cursor = write_cursor(known, member_id=world.member.member_id, keys=stolen)
    assert await refused(member, phone)
    assert not await refused(member, await fresh(member))


async def test_a_cursor_of_another_epoch_or_from_the_future_has_expired(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    phone = await fresh(member)
    async with database.session() as session:
        await session.execute(text("UPDATE scopes SET counter = counter - 1 WHERE id = :id"), {"id": world.branch_a})
        await session.commit()
    assert await refused(member, phone)

    await announced(secretary, world.branch_a)
    phone = await fresh(member)
    assert not await refused(member, phone)
    async with database.session() as session:
        await session.execute(text("INSERT INTO sync_epochs DEFAULT VALUES"))
        await session.commit()
    assert await refused(member, phone)
    assert not await refused(member, await fresh(member))


async def test_deletions_are_forgotten_after_180_days_and_who_missed_them_starts_again(
    world: World,
    secretary: AsyncClient,
    signed_in: SignedIn,
    database: RolledBackDatabase,
    jobs: JobRunner,
    clock: FakeClock,
) -> None:
    async with database.session() as session:
        await session.execute(update(LoginSession).values(expires_at=clock() + timedelta(days=200)))
        await session.commit()
    resolution = await resolutions.opened(secretary, world.branch_a)
    comment = await resolutions.commented(secretary, resolution["id"])
    early = await fresh(secretary)
    assert (await secretary.delete(f"/v1/comments/{comment['id']}")).status_code == 204
    late = await fresh(secretary)
    clock.advance(days=180)
    await purge_old_rows(jobs.office, 0)
    secretary = signed_in(world.secretary)
    late_enough = Phone(early.cursor, dict(early.held), dict(early.scopes))
    await late_enough.catch_up(secretary)
    assert ("comment", comment["id"]) not in late_enough.held

    clock.advance(minutes=1)
    await purge_old_rows(jobs.office, 0)

    secretary = signed_in(world.secretary)
    assert await refused(secretary, early)
    assert not await refused(secretary, late)
    assert ("comment", comment["id"]) not in (await fresh(secretary)).held


async def test_many_scopes_are_purged_in_rounds(
    database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    async with database.session() as session:
        for number in range(SCOPES_A_ROUND + 1):
            session.changes.append(Change(UUID(int=number), "meeting", UUID(int=1), 1, Op.delete))
        await commit(session)
    clock.advance(days=181)

    await purge_old_rows(jobs.office, 0)

    async with database.session() as session:
        left = await session.scalar(text("SELECT count(*) FROM changes WHERE op = 'delete'"))
        floors = await session.scalars(text("SELECT floor FROM scopes WHERE id < :id"), {"id": UUID(int=1000)})
        assert left == 0
        assert set(floors) == {1}

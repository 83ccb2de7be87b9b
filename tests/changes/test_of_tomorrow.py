"""What a newer release writes while this one still answers: it is passed over, and told once the newer one answers."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.kernel.db import commit
from app.kernel.passwords import Passwords
from app.kernel.roles import Role
from app.kernel.scopes import Change, Op
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from app.notices import NOTICES
from tests.changes.phones import Phone, ask, fresh, named
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import announced
from tests.factories.telling import OF_TOMORROW, tell_of_tomorrow
from tests.factories.world import World

pytestmark = pytest.mark.usefixtures("told")


@pytest.fixture
def upgraded(
    world: World,
    database: RolledBackDatabase,
    settings: Settings,
    passwords: Passwords,
    keys: TokenKeys,
    clock: FakeClock,
) -> AsyncClient:
    """The member, asking a node of the newer release."""
    asked = database.acting_as(Role.app)
    app = create_app(Parts(settings=settings, database=asked, passwords=passwords, keys=keys))
    published = next(notice for notice in NOTICES if notice.type == "announcement_published")
    words = {"title": "Kế hoạch", "needs_acknowledgement": False}
    app.state.notices = (
        *NOTICES,
        replace(published, type=OF_TOMORROW, render=lambda _, reader: published.render(words, reader)),
    )
    person = world.member
    token = keys.issue(account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=clock())
    headers = {"Authorization": f"Bearer {token}"}
    return AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test", headers=headers)


async def _of_tomorrow(database: RolledBackDatabase, world: World, *, op: Op = Op.upsert) -> UUID:
    """Write a change of a type of object that this release does not know."""
    object_id = uuid4()
    async with database.session() as session:
        session.changes.append(Change(world.branch_a, OF_TOMORROW, object_id, 1, op))
        await commit(session)
    return object_id


@pytest.mark.parametrize("limit", [1, 200])
@pytest.mark.parametrize("op", list(Op))
async def test_types_that_are_not_known_are_passed_over(
    limit: int, op: Op, world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    await _of_tomorrow(database, world, op=op)
    phone = await fresh(member, limit=limit)
    assert phone.of("member")
    assert OF_TOMORROW not in {kind for kind, _ in phone.held}

    later = await announced(secretary, world.branch_a)
    await _of_tomorrow(database, world, op=op)
    await phone.catch_up(member, limit=limit)
    assert ("meeting", later) in named(phone)
    assert OF_TOMORROW not in {item["type"] for item in phone.told}
    assert phone.held == (await fresh(member)).held
    # Having passed something over is no reason to be told all of it at every turn.
    assert await phone.catch_up(member) == []


async def test_what_was_passed_over_is_told_by_the_release_that_knows_it(
    world: World, member: AsyncClient, upgraded: AsyncClient, database: RolledBackDatabase
) -> None:
    whole = await fresh(member)
    phone = Phone(whole.cursor, dict(whole.held), dict(whole.scopes))
    async with database.session() as session:
        told = ("notification", str(await tell_of_tomorrow(session, world.branch_a, world.member.member_id)))
        await commit(session)
    await phone.catch_up(member)
    assert phone.held[told]["title"] == "Sổ tay đảng viên"
    assert await phone.catch_up(member) == []

    again = await phone.catch_up(upgraded)
    assert phone.held[told]["title"] == "Thông báo: Kế hoạch"
    assert len(again) > 1  # whatever else there is, since nothing says what was missed
    assert await phone.catch_up(upgraded) == []
    assert await phone.catch_up(member) == []
    # Who was passed over nothing is told no more than is new.
    assert [item["id"] for item in await whole.catch_up(upgraded)] == [told[1]]


async def test_an_object_is_told_once_its_type_is_known(
    world: World, secretary: AsyncClient, member: AsyncClient, upgraded: AsyncClient, database: RolledBackDatabase
) -> None:
    phone = await fresh(member)
    meeting = await announced(secretary, world.branch_a)
    rename = text("UPDATE changes SET object_type = :to WHERE object_type = :of AND object_id = :id")
    async with database.session() as session:  # the old node knows no meetings
        await session.execute(rename, {"of": "meeting", "to": OF_TOMORROW, "id": UUID(meeting)})
        await session.commit()
    assert await phone.catch_up(member) == []
    async with database.session() as session:
        await session.execute(rename, {"of": OF_TOMORROW, "to": "meeting", "id": UUID(meeting)})
        await session.commit()
    assert await phone.catch_up(member) == []
    await phone.catch_up(upgraded)
    assert meeting in phone.of("meeting")


async def test_the_inbox_that_a_phone_holds_is_another_once_there_are_words_for_it(
    world: World, member: AsyncClient, upgraded: AsyncClient, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await tell_of_tomorrow(session, world.branch_a, world.member.member_id)
        await commit(session)
    shown = await member.get("/v1/me/notifications")
    assert shown.status_code == 200
    assert (await ask(member)).status_code == 200
    known = {"If-None-Match": shown.headers["ETag"]}
    assert (await member.get("/v1/me/notifications", headers=known)).status_code == 304
    anew = await upgraded.get("/v1/me/notifications", headers=known)
    assert [entry["title"] for entry in anew.json()["items"]] == ["Thông báo: Kế hoạch"]

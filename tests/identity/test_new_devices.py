"""Who signs in where they never did is told on the phones they had."""

from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.kernel.db import Database
from app.kernel.passwords import Passwords
from app.kernel.push import RetryAfter
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.steps import (
    SignedIn,
    bearer,
    change,
    give_password,
    issue_code,
    rows,
    try_to_activate,
    try_to_sign_in,
)
from tests.worker import JobRunner

SYSTEM_OFF = {"items": [{"kind": "system", "channel": "push", "enabled": False}]}


@pytest.fixture
async def world(world: World, database: Database, passwords: Passwords) -> World:
    await give_password(database, passwords, world.member)
    return world


async def test_a_new_phone_is_told_of_on_the_others_and_in_the_inbox(
    client: AsyncClient, world: World, jobs: JobRunner
) -> None:
    tokens = (await try_to_sign_in(client, world.member.phone, on=uuid4())).json()

    await jobs.run()

    [(push, target)] = jobs.sender.pushes
    assert (push.type, target.token) == ("new_device", world.member.push_token)
    headers = bearer(tokens["access_token"])
    [item] = (await client.get("/v1/me/notifications", headers=headers)).json()["items"]
    assert (item["type"], item["title"]) == ("new_device", "Đăng nhập trên thiết bị mới")
    assert "Samsung A05" in item["body"]
    english = await client.get("/v1/me/notifications", headers={**headers, "Accept-Language": "en"})
    assert english.json()["items"][0]["title"] == "Signed in on a new device"


async def test_a_phone_one_has_signed_in_on_is_not_new(
    client: AsyncClient, signed_in: SignedIn, world: World, jobs: JobRunner, database: Database
) -> None:
    await signed_in(world.member).post("/v1/auth/logout")
    await try_to_sign_in(client, world.member.phone, on=world.member.installation_id)

    await jobs.run()

    assert jobs.sender.pushes == []
    codes = await rows(database, "SELECT code FROM events ORDER BY id")
    assert [row.code for row in codes] == ["identity.signed_out", "identity.signed_in"]


async def test_the_first_phone_is_new_to_nobody(
    client: AsyncClient, signed_in: SignedIn, world: World, jobs: JobRunner, database: Database
) -> None:
    await change(database, "DELETE FROM sessions WHERE account_id = :id", id=world.member.account_id)
    code = await issue_code(signed_in(world.secretary), world.member)

    assert (await try_to_activate(client, code)).status_code == 200

    await jobs.run()
    assert jobs.sender.tokens("new_device") == []


async def test_taking_an_account_over_with_a_code_is_told_of_at_night_too_and_the_phones_are_silenced_an_hour_later(
    client: AsyncClient, signed_in: SignedIn, world: World, clock: FakeClock, jobs: JobRunner, database: Database
) -> None:
    clock.set(clock().replace(hour=16))  # 23:00 in Hà Nội
    code = await issue_code(signed_in(world.secretary), world.member)
    assert (await try_to_activate(client, code)).status_code == 200
    held = "SELECT push_token FROM devices WHERE account_id = :account"

    await jobs.run()

    assert jobs.sender.tokens("new_device") == [world.member.push_token]
    clock.advance(minutes=59)
    await jobs.run()
    assert [row.push_token for row in await rows(database, held, account=world.member.account_id)] == [
        world.member.push_token
    ]
    clock.advance(minutes=1)
    await jobs.run()
    assert [row.push_token for row in await rows(database, held, account=world.member.account_id)] == [None]


async def test_who_signs_in_with_a_stolen_password_does_not_take_the_warning_off_the_phones_by_reading_it(
    client: AsyncClient, world: World, jobs: JobRunner
) -> None:
    tokens = (await try_to_sign_in(client, world.member.phone, on=uuid4())).json()
    headers = bearer(tokens["access_token"])
    await jobs.run()
    assert jobs.sender.tokens("new_device") == [world.member.push_token]
    [item] = (await client.get("/v1/me/notifications", headers=headers)).json()["items"]

    await client.put(f"/v1/me/notifications/{item['id']}/read", headers=headers)
    await jobs.run()
    assert jobs.sender.dismissals == []

    await try_to_sign_in(client, world.member.phone, on=uuid4())
    await jobs.run()
    newest = (await client.get("/v1/me/notifications", headers=headers)).json()["items"][0]
    body = {"through": newest["id"]}
    assert (await client.post("/v1/me/notifications/mark-read", json=body, headers=headers)).status_code == 204
    await jobs.run()
    assert jobs.sender.dismissals == []


async def test_warning_wakes_the_owner_whatever_the_thief_has_switched_off(
    client: AsyncClient, world: World, jobs: JobRunner, database: Database, passwords: Passwords
) -> None:
    """In Berlin it is two in the night."""
    await give_password(database, passwords, world.away)
    tokens = (await try_to_sign_in(client, world.away.phone, on=uuid4())).json()
    headers = bearer(tokens["access_token"])
    off = await client.put("/v1/me/notification-preferences", json=SYSTEM_OFF, headers=headers)
    assert off.status_code == 200, off.text

    await jobs.run()

    assert jobs.sender.tokens("new_device") == [world.away.push_token]


async def test_warning_that_has_not_left_yet_is_not_stopped_by_reading_it(
    client: AsyncClient, world: World, jobs: JobRunner, clock: FakeClock
) -> None:
    """Read before its devices are found, and, the push service being busy, before it is tried again."""
    tokens = (await try_to_sign_in(client, world.member.phone, on=uuid4())).json()
    headers = bearer(tokens["access_token"])
    jobs.sender.answers = {world.member.push_token: RetryAfter(timedelta(seconds=15), "HTTP 503")}
    assert await jobs.run_one()  # the fact is expanded
    [item] = (await client.get("/v1/me/notifications", headers=headers)).json()["items"]
    await client.put(f"/v1/me/notifications/{item['id']}/read", headers=headers)
    await jobs.run()
    assert jobs.sender.tokens("new_device") == [world.member.push_token]

    await client.put("/v1/me/notification-preferences", json=SYSTEM_OFF, headers=headers)
    jobs.sender.answers = {}
    clock.advance(minutes=1)
    await jobs.run()

    assert jobs.sender.tokens("new_device") == [world.member.push_token] * 2

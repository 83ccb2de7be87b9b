"""One's own password, sessions and devices."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from app.identity.models import Account, LoginSession
from app.kernel.db import Database, Session
from app.kernel.passwords import Passwords
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World
from tests.identity.conftest import LiveApp
from tests.identity.steps import (
    PASSWORD,
    Answer,
    SignedIn,
    bearer,
    give_password,
    refresh,
    rows,
    sign_in,
    try_to_sign_in,
    whoami,
)
from tests.racing import waiting

NEW = "trên đồng cạn dưới đồng sâu"
DEVICE = {
    "platform": "android",
    "push_token": "fcm-token-1",
    "locale": "vi",
    "time_zone": "Asia/Ho_Chi_Minh",
    "app_version": "1.2.0",
}


def path_of(person: Person) -> str:
    return f"/v1/me/devices/{person.installation_id}"


async def token_of(database: Database, person: Person) -> str | None:
    [row] = await rows(
        database, "SELECT push_token FROM devices WHERE installation_id = :id", id=person.installation_id
    )
    token: str | None = row.push_token
    return token


@pytest.fixture
async def here(client: AsyncClient, database: Database, passwords: Passwords, world: World) -> Answer:
    """The member's tokens on their own phone."""
    await give_password(database, passwords, world.member)
    return await sign_in(client, world.member)


@pytest.fixture
async def elsewhere(client: AsyncClient, world: World, here: Answer) -> Answer:
    """The member's tokens on a second phone."""
    assert here
    tokens: Answer = (await try_to_sign_in(client, world.member.phone, on=uuid4())).json()
    return tokens


async def test_a_changed_password_ends_every_other_session(
    client: AsyncClient, world: World, here: Answer, elsewhere: Answer
) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    changed = await client.post("/v1/auth/password", json=body, headers=bearer(here["access_token"]))

    assert changed.status_code == 204, changed.text
    assert (await whoami(client, here)).status_code == 200
    assert (await refresh(client, here["refresh_token"])).status_code == 200
    assert (await whoami(client, elsewhere)).status_code == 401
    assert (await refresh(client, elsewhere["refresh_token"])).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone, PASSWORD)).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone, NEW)).status_code == 200


async def test_a_changed_password_stops_pushes_under_an_id_that_nobody_signed_in_with(
    client: AsyncClient, database: Database, world: World, here: Answer, elsewhere: Answer
) -> None:
    made_up = f"/v1/me/devices/{uuid4()}"
    assert (await client.put(made_up, json=DEVICE, headers=bearer(elsewhere["access_token"]))).status_code == 200
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await client.post("/v1/auth/password", json=body, headers=bearer(here["access_token"]))).status_code == 204
    tokens = await rows(
        database, "SELECT push_token FROM devices WHERE account_id = :id ORDER BY 1", id=world.member.account_id
    )
    assert [row.push_token for row in tokens] == [world.member.push_token, None]


@pytest.mark.parametrize(
    ("current", "new", "status", "code"),
    [
        ("không phải mật khẩu này", NEW, 401, "credentials_refused"),
        (PASSWORD, "matkhau123", 422, "password_too_common"),
        (PASSWORD, "ngắn", 422, "fields_not_valid"),
        ("không phải mật khẩu này", "matkhau123", 401, "credentials_refused"),
    ],
)
async def test_a_refused_password_change_changes_nothing(
    current: str, new: str, status: int, code: str, client: AsyncClient, world: World, here: Answer, elsewhere: Answer
) -> None:
    body = {"current_password": current, "new_password": new}
    refused = await client.post("/v1/auth/password", json=body, headers=bearer(here["access_token"]))

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await whoami(client, elsewhere)).status_code == 200
    assert (await try_to_sign_in(client, world.member.phone, PASSWORD)).status_code == 200


async def test_sessions_are_listed_the_latest_used_first(
    client: AsyncClient, world: World, clock: FakeClock, here: Answer
) -> None:
    clock.advance(minutes=5)
    other = uuid4()
    await try_to_sign_in(client, world.member.phone, on=other)

    listed = await client.get("/v1/me/sessions", headers=bearer(here["access_token"]))

    assert listed.status_code == 200
    shown = [(item["installation_id"], item["current"], item["device_name"]) for item in listed.json()["items"]]
    assert shown == [
        (str(other), False, "Samsung A05"),
        (str(world.member.installation_id), True, "Samsung A05"),
    ]
    assert listed.json()["next_cursor"] is None


async def test_a_session_is_ended_by_its_id(client: AsyncClient, here: Answer, elsewhere: Answer) -> None:
    headers = bearer(here["access_token"])
    listed = (await client.get("/v1/me/sessions", headers=headers)).json()["items"]
    [other] = [item["id"] for item in listed if not item["current"]]

    ended = await client.delete(f"/v1/me/sessions/{other}", headers=headers)

    assert ended.status_code == 204
    assert (await whoami(client, elsewhere)).status_code == 401
    assert (await refresh(client, elsewhere["refresh_token"])).status_code == 401
    assert (await whoami(client, here)).status_code == 200
    again = await client.delete(f"/v1/me/sessions/{other}", headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "session_not_found")


async def test_nobody_ends_another_persons_session(signed_in: SignedIn, world: World) -> None:
    refused = await signed_in(world.secretary).delete(f"/v1/me/sessions/{world.member.session_id}")

    assert (refused.status_code, refused.json()["code"]) == (404, "session_not_found")
    assert (await signed_in(world.member).get("/v1/me")).status_code == 200


async def test_all_other_sessions_are_ended_at_once(
    client: AsyncClient, signed_in: SignedIn, world: World, here: Answer, elsewhere: Answer
) -> None:
    ended = await client.delete("/v1/me/sessions", headers=bearer(here["access_token"]))

    assert ended.status_code == 204
    assert (await whoami(client, here)).status_code == 200
    assert (await whoami(client, elsewhere)).status_code == 401
    assert (await signed_in(world.secretary).get("/v1/me")).status_code == 200


async def test_logging_out_ends_the_session_and_its_pushes(
    client: AsyncClient, database: Database, world: World, here: Answer, elsewhere: Answer
) -> None:
    assert await token_of(database, world.member) == world.member.push_token

    out = await client.post("/v1/auth/logout", headers=bearer(here["access_token"]))

    assert out.status_code == 204
    assert (await whoami(client, here)).status_code == 401
    assert (await refresh(client, here["refresh_token"])).status_code == 401
    assert await token_of(database, world.member) is None
    assert (await whoami(client, elsewhere)).status_code == 200
    assert (await client.post("/v1/auth/logout", headers=bearer(here["access_token"]))).status_code == 401


async def test_a_phone_whose_session_was_ended_gets_no_more_pushes(
    client: AsyncClient, database: Database, signed_in: SignedIn, world: World, here: Answer, elsewhere: Answer
) -> None:
    assert here
    listed = (await client.get("/v1/me/sessions", headers=bearer(elsewhere["access_token"]))).json()["items"]
    [lost] = [item["id"] for item in listed if not item["current"]]

    await client.delete(f"/v1/me/sessions/{lost}", headers=bearer(elsewhere["access_token"]))

    assert await token_of(database, world.member) is None
    assert await token_of(database, world.secretary) == world.secretary.push_token
    assert (await signed_in(world.secretary).get("/v1/me")).status_code == 200


async def test_signing_out_everywhere_else_stops_the_pushes_there(
    client: AsyncClient, database: Database, world: World, here: Answer, elsewhere: Answer
) -> None:
    assert here
    await client.delete("/v1/me/sessions", headers=bearer(elsewhere["access_token"]))

    assert await token_of(database, world.member) is None


async def test_a_new_phone_is_registered_and_brought_up_to_date(
    client: AsyncClient, database: Database, world: World, clock: FakeClock, elsewhere: Answer
) -> None:
    headers = bearer(elsewhere["access_token"])
    listed = (await client.get("/v1/me/sessions", headers=headers)).json()["items"]
    [installation_id] = [item["installation_id"] for item in listed if item["current"]]
    path = f"/v1/me/devices/{installation_id}"

    made = await client.put(path, json=DEVICE, headers=headers)
    clock.advance(minutes=1)
    moved = await client.put(
        path,
        json={**DEVICE, "time_zone": "Europe/Berlin", "locale": "en", "push_token": None, "app_version": "1.3.0-b1"},
        headers=headers,
    )

    assert made.status_code == 200, made.text
    assert made.json() == {
        "installation_id": installation_id,
        "platform": "android",
        "locale": "vi",
        "time_zone": "Asia/Ho_Chi_Minh",
        "app_version": "1.2.0",
        "has_push_token": True,
        "updated_at": "2026-11-22T01:00:00Z",
    }
    assert moved.json() == {
        **made.json(),
        "locale": "en",
        "time_zone": "Europe/Berlin",
        "app_version": "1.3.0-b1",
        "has_push_token": False,
        "updated_at": "2026-11-22T01:01:00Z",
    }
    names = await rows(database, "SELECT device_name FROM devices WHERE installation_id = :id", id=installation_id)
    assert [row.device_name for row in names] == ["Samsung A05"]
    assert await token_of(database, world.member) == world.member.push_token


async def test_a_push_token_moves_to_the_account_that_sent_it_last(
    signed_in: SignedIn, database: Database, world: World
) -> None:
    body = {**DEVICE, "push_token": world.member.push_token}

    moved = await signed_in(world.secretary).put(path_of(world.secretary), json=body)

    assert moved.status_code == 200, moved.text
    assert await token_of(database, world.secretary) == world.member.push_token
    assert await token_of(database, world.member) is None


async def test_another_persons_installation_is_taken_until_one_signs_in_on_it(
    client: AsyncClient, database: Database, passwords: Passwords, signed_in: SignedIn, world: World
) -> None:
    refused = await signed_in(world.secretary).put(path_of(world.member), json=DEVICE)
    assert (refused.status_code, refused.json()["code"]) == (409, "installation_taken")
    assert await token_of(database, world.member) == world.member.push_token
    await give_password(database, passwords, world.secretary)
    handed_over = await try_to_sign_in(client, world.secretary.phone, on=world.member.installation_id)

    moved = await client.put(path_of(world.member), json=DEVICE, headers=bearer(handed_over.json()["access_token"]))

    assert moved.status_code == 200, moved.text
    [row] = await rows(
        database, "SELECT account_id FROM devices WHERE installation_id = :id", id=world.member.installation_id
    )
    assert row.account_id == world.secretary.account_id


async def test_a_phone_that_registers_twice_at_once_is_one_device(live_app: LiveApp, passwords: Passwords) -> None:
    client, world = live_app.client, live_app.world
    await give_password(live_app.database, passwords, world.member)
    new = uuid4()
    tokens = (await try_to_sign_in(client, world.member.phone, on=new)).json()

    answers = await asyncio.gather(
        *(client.put(f"/v1/me/devices/{new}", json=DEVICE, headers=bearer(tokens["access_token"])) for _ in range(6))
    )

    assert {answer.status_code for answer in answers} == {200}
    found = await rows(live_app.database, "SELECT id FROM devices WHERE installation_id = :id", id=new)
    assert len(found) == 1


async def test_removing_a_device_stops_its_pushes_only(signed_in: SignedIn, database: Database, world: World) -> None:
    member = signed_in(world.member)

    removed = await member.delete(path_of(world.member))

    assert removed.status_code == 204
    assert await token_of(database, world.member) is None
    assert (await member.get("/v1/me")).status_code == 200


async def test_nobody_removes_another_persons_device(signed_in: SignedIn, database: Database, world: World) -> None:
    refused = await signed_in(world.secretary).delete(path_of(world.member))
    unknown = await signed_in(world.secretary).delete(f"/v1/me/devices/{uuid4()}")

    assert (refused.status_code, refused.json()["code"]) == (404, "device_not_found")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "device_not_found")
    assert await token_of(database, world.member) == world.member.push_token


@pytest.mark.parametrize(("said", "taken"), [("vi-VN", "vi"), ("vi_VN", "vi"), ("en-US", "en"), ("EN-Latn-GB", "en")])
async def test_the_region_that_a_phone_names_with_its_language_is_left_aside(
    said: str, taken: str, signed_in: SignedIn, world: World
) -> None:
    answer = await signed_in(world.member).put(path_of(world.member), json={**DEVICE, "locale": said})
    assert (answer.status_code, answer.json()["locale"]) == (200, taken)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("time_zone", "Hà Nội", "time_zone_unknown"),
        ("time_zone", "../../etc/passwd", "time_zone_unknown"),
        ("time_zone", "asia/ho_chi_minh", "time_zone_unknown"),
        ("time_zone", "", "time_zone_unknown"),
        ("time_zone", "A" * 65, "string_too_long"),
        ("locale", "fr", "enum"),
        ("locale", "fr-FR", "enum"),
        ("locale", "vi-", "enum"),
        ("platform", "windows", "enum"),
        ("push_token", "", "string_too_short"),
        ("push_token", "x" * 2049, "string_too_long"),
        ("push_token", "磁" * 2048, "push_token_not_valid"),
        ("app_version", "1.0; DROP TABLE", "string_pattern_mismatch"),
        ("colour", "red", "extra_forbidden"),
    ],
)
async def test_a_wrong_field_of_a_device_is_named(
    field: str, value: str, code: str, signed_in: SignedIn, world: World
) -> None:
    refused = await signed_in(world.member).put(path_of(world.member), json={**DEVICE, field: value})

    assert (refused.status_code, refused.json()["code"]) == (422, "fields_not_valid")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(f"/{field}", code)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/me"),
        ("GET", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions/7d0f6a0e-52a5-4a37-9a1e-0c1c5f4d9a10"),
        ("PUT", "/v1/me/devices/7d0f6a0e-52a5-4a37-9a1e-0c1c5f4d9a10"),
        ("DELETE", "/v1/me/devices/7d0f6a0e-52a5-4a37-9a1e-0c1c5f4d9a10"),
        ("POST", "/v1/auth/logout"),
        ("POST", "/v1/auth/password"),
    ],
)
async def test_nothing_of_an_account_is_open_without_signing_in(method: str, path: str, client: AsyncClient) -> None:
    assert (await client.request(method, path)).status_code == 401


async def test_who_is_away_is_shown_where_they_are(signed_in: SignedIn, world: World) -> None:
    me = (await signed_in(world.away).get("/v1/me")).json()

    assert (me["time_zone"], me["away"]) == ("Europe/Berlin", True)


async def test_two_installations_that_bring_one_token_at_once_are_both_answered(live_app: LiveApp) -> None:
    member = live_app.signed_in(live_app.world.member)
    answers = await asyncio.gather(*(member.put(f"/v1/me/devices/{uuid4()}", json=DEVICE) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    held = await rows(live_app.database, "SELECT 1 FROM devices WHERE push_token = :token", token=DEVICE["push_token"])
    assert len(held) == 1


@contextlib.asynccontextmanager
async def a_new_password_under_way(live_app: LiveApp, passwords: Passwords, person: Person) -> AsyncIterator[Session]:
    """Hold the account while its password changes and its sessions end, and commit that at the end; gives a watcher."""
    new = await passwords.hash(NEW)
    async with live_app.database.session() as changing, live_app.database.session() as watcher:
        of_account = Account.id == person.account_id
        await changing.execute(update(Account).where(of_account).values(password_hash=new))
        yield watcher
        ended = update(LoginSession).where(LoginSession.account_id == person.account_id)
        await changing.execute(ended.values(revoked_at=live_app.clock()))
        await changing.commit()


async def test_who_knows_the_old_password_opens_no_session_while_it_changes(
    live_app: LiveApp, passwords: Passwords
) -> None:
    person = live_app.world.member
    await give_password(live_app.database, passwords, person)
    async with a_new_password_under_way(live_app, passwords, person) as watcher:
        trying = await waiting(watcher, try_to_sign_in(live_app.client, person.phone))
        assert not trying.done()
    assert ((await trying).status_code, (await trying).json()["code"]) == (401, "credentials_refused")
    assert (await try_to_sign_in(live_app.client, person.phone, NEW)).status_code == 200


async def test_who_knows_the_old_password_sets_no_other_while_it_changes(
    live_app: LiveApp, passwords: Passwords
) -> None:
    person = live_app.world.member
    await give_password(live_app.database, passwords, person)
    body = {"current_password": PASSWORD, "new_password": "một con ngựa đau cả tàu bỏ cỏ"}
    async with a_new_password_under_way(live_app, passwords, person) as watcher:
        changing = await waiting(watcher, live_app.signed_in(person).post("/v1/auth/password", json=body))
        assert not changing.done()
    assert ((await changing).status_code, (await changing).json()["code"]) == (401, "credentials_refused")
    assert (await try_to_sign_in(live_app.client, person.phone, NEW)).status_code == 200

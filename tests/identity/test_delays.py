"""Failures are counted by account and by address, and delays keep nobody out for good."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from app.identity.delays import FROM_SOMEWHERE, WITH_SOMEBODY, place_of
from app.kernel.db import Database
from app.kernel.passwords import Passwords
from app.worker import purge_old_rows
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.identity.conftest import LiveApp
from tests.identity.steps import (
    PASSWORD,
    SignedIn,
    give_password,
    issue_code,
    rows,
    said,
    try_to_activate,
    try_to_sign_in,
)
from tests.worker import JobRunner

WRONG = "không phải mật khẩu này"
NEW = "trên đồng cạn dưới đồng sâu"


@pytest.fixture
async def world(world: World, database: Database, passwords: Passwords) -> World:
    for person in (world.member, world.secretary):
        await give_password(database, passwords, person)
    return world


async def fail(client: AsyncClient, phone: str | None, times: int, *, on: UUID | None = None) -> Response:
    for _ in range(times):
        answer = await try_to_sign_in(client, phone, WRONG, on=on)
    return answer


async def test_the_fifth_failure_begins_a_delay_that_doubles_up_to_a_quarter_of_an_hour(
    client: AsyncClient, world: World, clock: FakeClock
) -> None:
    assert (await fail(client, world.member.phone, 5)).status_code == 401
    waits = []
    for _ in range(7):
        delayed = await try_to_sign_in(client, world.member.phone)  # not even with the right password
        assert (delayed.status_code, delayed.json()["code"]) == (429, "sign_in_delayed")
        waits.append(int(delayed.headers["Retry-After"]))
        clock.advance(seconds=waits[-1])
        assert (await fail(client, world.member.phone, 1)).status_code == 401

    assert waits == [30, 60, 120, 240, 480, 900, 900]
    clock.advance(minutes=15)
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200
    assert (await fail(client, world.member.phone, 4)).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200


async def test_a_number_that_nobody_has_is_delayed_alike(client: AsyncClient, world: World) -> None:
    known = [said(await try_to_sign_in(client, world.member.phone, WRONG)) for _ in range(7)]
    unknown = [said(await try_to_sign_in(client, "0999999999", WRONG)) for _ in range(7)]
    former = [said(await try_to_sign_in(client, world.former.phone, WRONG)) for _ in range(7)]
    no_number = [said(await try_to_sign_in(client, "không phải số", WRONG)) for _ in range(7)]

    assert known == unknown == former == no_number
    assert [one["status"] for one in known] == [401] * 5 + [429] * 2


async def test_spellings_of_one_number_are_counted_together(client: AsyncClient, world: World) -> None:
    assert world.member.phone is not None
    bare = world.member.phone.removeprefix("+84")
    for form in ("0{}", "84{}", "+84 {}", "{}", "0084{}"):
        assert (await try_to_sign_in(client, form.format(bare), WRONG)).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 429


async def test_nobody_is_kept_out_of_their_own_phone_by_a_strangers_guesses(
    client: AsyncClient, world: World, signed_in: SignedIn, passwords: Passwords
) -> None:
    del passwords
    for _ in range(2):
        await fail(client, world.member.phone, 6)
    own = world.member.installation_id

    assert (await try_to_sign_in(client, world.member.phone, on=own)).status_code == 200
    # On a new phone a code of the secretary's is the way in meanwhile.
    code = await issue_code(signed_in(world.secretary), world.member)
    assert (await try_to_activate(client, code, NEW)).status_code == 200
    assert (await try_to_sign_in(client, world.member.phone, NEW)).status_code == 200


async def test_a_found_phone_has_no_more_guesses_than_a_new_one(
    client: AsyncClient, world: World, clock: FakeClock
) -> None:
    own = world.member.installation_id
    assert (await fail(client, world.member.phone, 6, on=own)).status_code == 429
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200
    assert (await try_to_sign_in(client, world.member.phone, on=own)).status_code == 429
    clock.advance(seconds=30)
    assert (await try_to_sign_in(client, world.member.phone, on=own)).status_code == 200


async def test_failures_are_forgotten_after_a_day(
    client: AsyncClient, world: World, clock: FakeClock, jobs: JobRunner, database: Database
) -> None:
    await fail(client, world.member.phone, 4)
    clock.advance(hours=24)
    assert (await fail(client, world.member.phone, 4)).status_code == 401
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200
    assert (await fail(client, "0999999999", 1)).status_code == 401

    clock.advance(hours=24, seconds=1)
    await purge_old_rows(jobs.office, 0)
    assert await rows(database, "SELECT 1 FROM failure_counts") == []


async def test_an_address_is_delayed_shortly_after_fifty_failures_with_many_numbers(
    client: AsyncClient, app: FastAPI, world: World, clock: FakeClock
) -> None:
    for count in range(50):
        assert (await try_to_sign_in(client, f"09{count:08d}", WRONG)).status_code == 401
    delayed = await try_to_sign_in(client, world.member.phone)
    assert (delayed.status_code, delayed.headers["Retry-After"]) == (429, "1")
    assert (await try_to_sign_in(client, world.member.phone, on=world.member.installation_id)).status_code == 200

    elsewhere = ASGITransport(app, client=("203.0.113.9", 1))
    async with AsyncClient(transport=elsewhere, base_url="http://sotay.test") as other:
        assert (await try_to_sign_in(other, world.member.phone)).status_code == 200
    clock.advance(seconds=1)
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200


async def test_an_address_that_guesses_codes_is_delayed_too(
    client: AsyncClient, app: FastAPI, world: World, signed_in: SignedIn
) -> None:
    for _ in range(50):
        assert (await try_to_activate(client, "AAAA-AAAA-AA")).status_code == 401
    code = await issue_code(signed_in(world.secretary), world.away)
    delayed = await try_to_activate(client, code)
    assert (delayed.status_code, delayed.json()["code"], delayed.headers["Retry-After"]) == (
        429,
        "sign_in_delayed",
        "1",
    )

    elsewhere = ASGITransport(app, client=("203.0.113.9", 1))
    async with AsyncClient(transport=elsewhere, base_url="http://sotay.test") as other:
        assert (await try_to_activate(other, code)).status_code == 200


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(
    live_app: LiveApp, passwords: Passwords
) -> None:
    phone = live_app.world.member.phone
    await give_password(live_app.database, passwords, live_app.world.member)

    answers = await asyncio.gather(*(try_to_sign_in(live_app.client, phone, WRONG) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15
    # Many right ones at once, on many phones, are no failures.
    await give_password(live_app.database, passwords, live_app.world.secretary)
    right = await asyncio.gather(
        *(try_to_sign_in(live_app.client, live_app.world.secretary.phone, on=uuid4()) for _ in range(20))
    )
    assert {answer.status_code for answer in right} == {200}


async def test_neither_numbers_nor_addresses_are_kept(client: AsyncClient, world: World, database: Database) -> None:
    await fail(client, world.member.phone, 1)
    assert world.member.phone is not None
    stored = await rows(database, "SELECT encode(source, 'escape') AS source FROM failure_counts")
    assert len(stored) == 2
    assert not any(world.member.phone in row.source or "127.0.0.1" in row.source for row in stored)


async def test_the_present_password_is_not_guessed_on_a_phone_left_open(
    client: AsyncClient, signed_in: SignedIn, world: World
) -> None:
    member = signed_in(world.member)
    got = []
    for _ in range(6):
        body = {"current_password": WRONG, "new_password": NEW}
        got.append((await member.post("/v1/auth/password", json=body)).status_code)
    assert got == [401] * 5 + [429]
    right = await member.post("/v1/auth/password", json={"current_password": PASSWORD, "new_password": NEW})
    assert right.status_code == 429
    assert (await try_to_sign_in(client, world.member.phone)).status_code == 200


async def test_the_right_password_forgives_the_wrong_ones_when_it_is_changed(signed_in: SignedIn, world: World) -> None:
    member = signed_in(world.member)
    got = []
    for current, new in (*[(WRONG, NEW)] * 4, (PASSWORD, NEW), (WRONG, PASSWORD), (NEW, PASSWORD)):
        body = {"current_password": current, "new_password": new}
        got.append((await member.post("/v1/auth/password", json=body)).status_code)
    assert got == [401] * 4 + [204, 401, 204]


@pytest.mark.parametrize(
    "name", ["{account}", "{account} by activation code", "{account} by identity", "{phone} on {phone_of}"]
)
async def test_what_is_typed_as_a_number_never_delays_an_account_of_that_name(
    name: str, client: AsyncClient, signed_in: SignedIn, world: World
) -> None:
    person, member = world.member, signed_in(world.member)
    typed = name.format(account=person.account_id, phone=person.phone, phone_of=person.installation_id)
    assert (await fail(client, typed, 6)).status_code == 429
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await member.post("/v1/auth/password", json=body)).status_code == 204
    assert (await try_to_sign_in(client, person.phone, NEW, on=person.installation_id)).status_code == 200
    code = await issue_code(signed_in(world.secretary), person)
    assert (await try_to_activate(client, code)).status_code == 200


def test_delays_grow_to_their_bound_and_stay_there() -> None:
    assert [WITH_SOMEBODY.delay_after(count).seconds for count in (0, 4, 5, 6, 10, 10**6)] == [0, 0, 30, 60, 900, 900]
    assert [FROM_SOMEWHERE.delay_after(count).seconds for count in (49, 50, 53, 54, 10**6)] == [0, 1, 8, 10, 10]
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert WITH_SOMEBODY.count(9, last_failed_at=now - timedelta(hours=23), now=now) == 10
    assert WITH_SOMEBODY.count(9, last_failed_at=now - timedelta(hours=24), now=now) == 1


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("a socket", "nowhere"),
        (None, "nowhere"),
    ],
)
def test_a_household_is_one_place(address: str | None, place: str) -> None:
    assert place_of(address) == place

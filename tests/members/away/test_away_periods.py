from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
TOKYO = {"starts_on": "2026-12-01", "ends_on": "2027-05-31", "place": "Tokyo", "time_zone": "Asia/Tokyo"}


async def _enter(caller: AsyncClient, member_id: UUID, **changes: Any) -> Response:
    body = {name: value for name, value in {**TOKYO, **changes}.items() if value is not None}
    return await caller.post(f"/v1/members/{member_id}/away-periods", json=body)


async def _patch(caller: AsyncClient, away_period_id: str, **body: Any) -> Response:
    url = f"/v1/away-periods/{away_period_id}"
    etag = (await caller.get(url)).headers["etag"]
    return await caller.patch(url, json=body, headers={"If-Match": etag})


@pytest.mark.parametrize("who", ["member", "secretary", "minute_taker", "administrator"])
async def test_member_and_those_who_keep_the_roll_enter_and_change_it(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, who: str
) -> None:
    person: Person = getattr(world, who)
    caller = signed_in(person)
    entered = await _enter(caller, world.member.member_id)
    assert entered.status_code == 201, entered.text
    away_period_id = entered.json()["id"]
    assert entered.json() == {"id": away_period_id, "version": 1, "member_id": str(world.member.member_id), **TOKYO}
    changed = await _patch(caller, away_period_id, ends_on="2027-03-31", place=None)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["ends_on"], changed.json()["version"]) == ("2027-03-31", 2)
    async with database.session() as session:
        events = await session.execute(
            text("SELECT code, actor_member_id FROM events WHERE subject_id = :id"),
            {"id": away_period_id},
        )
        changes = await session.execute(
            text("SELECT scope_id, version FROM changes WHERE object_id = :id"), {"id": away_period_id}
        )
        assert set(events.all()) == {
            ("members.away_period_entered", person.member_id),
            ("members.away_period_changed", person.member_id),
        }
        assert set(changes.all()) == {(world.branch_a, 2), (world.member.member_id, 2)}


@pytest.mark.parametrize(
    ("who", "enter", "read"),
    [
        ("probationary", 403, 404),
        ("away", 403, 404),
        ("officer", 403, 404),
        ("auditor", 404, 404),
        ("former", 401, 401),
        ("stranger", 404, 404),
        ("sister_secretary", 404, 404),
    ],
)
async def test_others_neither_enter_nor_know_it(
    world: World, signed_in: SignedIn, who: str, enter: int, read: int
) -> None:
    away_period_id = (await _enter(signed_in(world.member), world.member.member_id)).json()["id"]
    caller = signed_in(getattr(world, who))
    assert (await _enter(caller, world.member.member_id)).status_code == enter
    url = f"/v1/away-periods/{away_period_id}"
    assert (await caller.get(url)).status_code == read
    assert (await caller.patch(url, json={}, headers={"If-Match": '"1-a"'})).status_code == read


async def test_anonymous_enters_nothing(world: World, client: AsyncClient) -> None:
    assert (await _enter(client, world.member.member_id)).status_code == 401
    assert (await client.get(f"/v1/away-periods/{uuid4()}")).status_code == 401
    assert (await client.patch(f"/v1/away-periods/{uuid4()}", json={})).status_code == 401


async def test_unknown_time_away_is_not_found(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.administrator).get(f"/v1/away-periods/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "away_period_not_found")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_on": "2026-11-30"}, "ends_before_start"),
        ({"time_zone": "Asia/Ha_Noi"}, "time_zone_unknown"),
        ({"starts_on": "0001-01-01"}, "date_out_of_range"),
        ({"place": None}, "missing"),
    ],
)
async def test_wrong_field_is_named(world: World, signed_in: SignedIn, changes: dict[str, Any], code: str) -> None:
    answer = await _enter(signed_in(world.member), world.member.member_id, **changes)
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == [code]


async def test_changed_end_may_not_come_before_the_start_that_stays(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    entered = await _enter(member, world.member.member_id)
    answer = await _patch(member, entered.json()["id"], ends_on="2026-11-30")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/ends_on"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"starts_on": "2027-05-31", "ends_on": None}, 409),
        ({"starts_on": "2026-11-01", "ends_on": "2026-12-01"}, 409),
        ({"starts_on": "2027-01-01", "ends_on": "2027-01-02"}, 409),
        ({"starts_on": "2026-11-01", "ends_on": "2026-11-30"}, 201),
        ({"starts_on": "2027-06-01", "ends_on": None}, 201),
    ],
)
async def test_nobody_is_away_twice_on_one_day(
    world: World, signed_in: SignedIn, changes: dict[str, Any], status: int
) -> None:
    member = signed_in(world.member)
    await _enter(member, world.member.member_id)
    answer = await _enter(member, world.member.member_id, **changes)
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "away_periods_overlap"


async def test_change_may_not_run_into_another_time_away(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    first = await _enter(member, world.member.member_id)
    await _enter(member, world.member.member_id, starts_on="2027-06-01", ends_on=None)
    answer = await _patch(member, first.json()["id"], ends_on="2027-06-01")
    assert (answer.status_code, answer.json()["code"]) == (409, "away_periods_overlap")


async def test_unseen_version_is_not_overwritten(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    url = f"/v1/away-periods/{(await _enter(member, world.member.member_id)).json()['id']}"
    first = await member.get(url)
    stale = first.headers["etag"]
    assert (await member.get(url, headers={"If-None-Match": stale})).status_code == 304
    same = await member.patch(url, json={"place": "Tokyo"}, headers={"If-Match": stale})
    assert same.json()["version"] == 1
    await member.patch(url, json={"place": "Osaka"}, headers={"If-Match": stale})
    missing = await member.patch(url, json={"place": "Kyoto"})
    changed = await member.patch(url, json={"place": "Kyoto"}, headers={"If-Match": stale})
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    assert (changed.status_code, changed.json()["code"]) == (412, "version_changed")

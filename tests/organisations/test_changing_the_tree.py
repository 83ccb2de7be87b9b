from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, text

from app.organisations.models import OrganisationPeriod
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.organisations import new_branch
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
OTHERS = ("member", "away", "secretary", "minute_taker", "officer", "auditor")


async def _patch(caller: AsyncClient, organisation_id: UUID, **body: Any) -> Response:
    url = f"/v1/organisations/{organisation_id}"
    etag = (await caller.get(url)).headers["etag"]
    return await caller.patch(url, json=body, headers={"If-Match": etag})


async def test_administrator_founds_a_branch(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    administrator = signed_in(world.administrator)
    answer = await administrator.post("/v1/organisations", json=new_branch(world.commune, code="37003012000005"))
    assert answer.status_code == 201, answer.text
    founded = answer.json()
    assert founded["time_zone"] == "Asia/Ho_Chi_Minh"
    assert founded["valid_from"] == "2026-11-22"
    assert founded["code"] == "37003012000005"
    read = await administrator.get(f"/v1/organisations/{founded['id']}")
    assert read.json() == founded
    async with database.session() as session:
        events = await session.execute(
            text("SELECT code, actor_member_id FROM events WHERE subject_id = :id"), {"id": founded["id"]}
        )
        changes = await session.execute(
            text("SELECT scope_id, version FROM changes WHERE object_id = :id"), {"id": founded["id"]}
        )
        assert events.all() == [("organisations.founded", world.administrator.member_id)]
        assert set(changes.all()) == {(UUID(founded["id"]), 1), (world.commune, 1)}


async def test_first_day_is_the_one_on_the_wall_of_the_place(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    clock.set(datetime(2026, 11, 22, 18, 0, tzinfo=UTC))  # 01:00 of the 23rd in Hà Nội
    answer = await signed_in(world.administrator).post("/v1/organisations", json=new_branch(world.commune))
    assert answer.json()["valid_from"] == "2026-11-23"


async def test_anonymous_founds_nothing(world: World, client: AsyncClient) -> None:
    answer = await client.post("/v1/organisations", json=new_branch(world.commune))
    assert answer.status_code == 401


@pytest.mark.parametrize("who", OTHERS)
async def test_only_administrators_change_the_tree(world: World, signed_in: SignedIn, who: str) -> None:
    caller = signed_in(getattr(world, who))
    founded = await caller.post("/v1/organisations", json=new_branch(world.commune))
    renamed = await _patch(caller, world.branch_a, name="Chi bộ khác")
    assert founded.status_code == renamed.status_code == 403
    assert founded.json()["code"] == renamed.json()["code"] == "not_for_your_post"


async def test_stranger_cannot_tell_that_there_is_a_branch(world: World, signed_in: SignedIn) -> None:
    stranger = signed_in(world.stranger)
    founded = await stranger.post("/v1/organisations", json=new_branch(world.branch_a))
    renamed = await stranger.patch(
        f"/v1/organisations/{world.branch_a}", json={"name": "X"}, headers={"If-Match": '"1-a"'}
    )
    assert founded.status_code == renamed.status_code == 404


@pytest.mark.parametrize("code", ["3700301200000", "370030120000055", "3700301200000a", "٣٧٠٠٣٠١٢٠٠٠٠٠٥"])
async def test_code_has_fourteen_digits(world: World, signed_in: SignedIn, code: str) -> None:
    answer = await signed_in(world.administrator).post("/v1/organisations", json=new_branch(world.commune, code=code))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/code"


async def test_taken_code_and_id_are_refused_by_name(world: World, signed_in: SignedIn) -> None:
    administrator = signed_in(world.administrator)
    chosen = str(uuid4())
    body = new_branch(world.commune, code="37003012000005")
    first = await administrator.post("/v1/organisations", json={**body, "id": chosen})
    assert first.json()["id"] == chosen
    same_code = await administrator.post("/v1/organisations", json=body)
    same_id = await administrator.post("/v1/organisations", json=new_branch(world.commune, id=chosen))
    parents_id = await administrator.post("/v1/organisations", json=new_branch(world.commune, id=str(world.commune)))
    renumbered = await _patch(administrator, world.branch_a, code="37003012000005")
    assert [answer.status_code for answer in (same_code, same_id, parents_id, renumbered)] == [409] * 4
    assert same_code.json()["code"] == renumbered.json()["code"] == "organisation_code_taken"
    assert same_id.json()["code"] == parents_id.json()["code"] == "organisation_id_taken"


@pytest.mark.parametrize("day", ["1899-12-31", "2200-01-01", "9999-12-31"])
async def test_first_day_lies_in_our_time(world: World, signed_in: SignedIn, day: str) -> None:
    answer = await signed_in(world.administrator).post(
        "/v1/organisations", json=new_branch(world.commune, valid_from=day)
    )
    assert answer.json()["errors"][0]["code"] == "date_out_of_range"


async def test_new_name_begins_a_period_and_history_stays_under_the_old_one(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    administrator = signed_in(world.administrator)
    for name in ("Chi bộ thôn Đông Thượng", "Chi bộ thôn Đông Hạ"):
        answer = await _patch(administrator, world.branch_a, name=name)
        assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == 3
    clock.advance(days=1)
    await _patch(signed_in(world.administrator), world.branch_a, name="Chi bộ thôn Đông Trung")
    async with database.session() as session:
        periods = await session.scalars(
            select(OrganisationPeriod)
            .where(OrganisationPeriod.organisation_id == world.branch_a)
            .order_by(OrganisationPeriod.valid_from)
        )
        assert [(row.name, str(row.valid_from), str(row.valid_until)) for row in periods] == [
            ("Chi bộ thôn Đông", "2025-07-01", "2026-11-21"),
            ("Chi bộ thôn Đông Hạ", "2026-11-22", "2026-11-22"),
            ("Chi bộ thôn Đông Trung", "2026-11-23", "None"),
        ]


async def test_same_values_change_nothing(world: World, signed_in: SignedIn) -> None:
    answer = await _patch(signed_in(world.administrator), world.branch_a, name="Chi bộ thôn Đông", time_zone=None)
    assert answer.json()["version"] == 1


async def test_unseen_version_is_not_overwritten(world: World, signed_in: SignedIn) -> None:
    administrator = signed_in(world.administrator)
    url = f"/v1/organisations/{world.branch_a}"
    stale = (await administrator.get(url)).headers["etag"]
    await _patch(administrator, world.branch_a, time_zone="Europe/Berlin")
    missing = await administrator.patch(url, json={"name": "X"})
    changed = await administrator.patch(url, json={"name": "X"}, headers={"If-Match": stale})
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    assert (changed.status_code, changed.json()["code"]) == (412, "version_changed")
    assert changed.json()["current_version"] == 2

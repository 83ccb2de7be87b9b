from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.members import new_member
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


def _standings(member: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(row["kind"], row["starts_on"], row["ends_on"]) for row in member["standings"]]


@pytest.mark.parametrize("who", ["secretary", "administrator"])
async def test_record_keeper_enrols_a_member(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, who: str
) -> None:
    keeper: Person = getattr(world, who)
    chosen = str(uuid4())
    answer = await signed_in(keeper).post(f"/v1/organisations/{world.branch_a}/members", json=new_member(id=chosen))
    assert answer.status_code == 201, answer.text
    member = answer.json()
    assert member["id"] == chosen
    assert member["version"] == 1
    assert _standings(member) == [
        ("probationary", "2015-05-19", "2016-05-18"),
        ("official", "2016-05-19", None),
    ]
    async with database.session() as session:
        stored = await session.execute(
            text("SELECT phone, citizen_id, card_number FROM members WHERE id = :id"), {"id": chosen}
        )
        events = await session.execute(
            text("SELECT code, actor_member_id, data FROM events WHERE subject_id = :id"), {"id": chosen}
        )
        scopes = await session.scalars(text("SELECT scope_id FROM changes WHERE object_id = :id"), {"id": chosen})
        assert stored.one() == ("+84912345678", "037190001234", "37012345")
        assert events.one() == ("members.enrolled", keeper.member_id, {})
        assert set(scopes) == {world.branch_a, UUID(chosen)}


@pytest.mark.parametrize(
    ("dates", "standings"),
    [
        ({"official_on": None}, [("probationary", "2015-05-19", None)]),
        ({"admitted_on": None}, [("official", "2016-05-19", None)]),
        ({"official_on": "2015-05-19"}, [("official", "2015-05-19", None)]),
    ],
)
async def test_standings_follow_from_the_dates(
    world: World, signed_in: SignedIn, dates: dict[str, Any], standings: list[Any]
) -> None:
    answer = await signed_in(world.secretary).post(
        f"/v1/organisations/{world.branch_a}/members", json=new_member(**dates)
    )
    assert _standings(answer.json()) == standings


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 403),
        ("away", 403),
        ("minute_taker", 403),
        ("officer", 403),
        ("auditor", 403),
        ("former", 401),
        ("stranger", 404),
        ("sister_secretary", 404),
    ],
)
async def test_others_enrol_nobody(world: World, signed_in: SignedIn, who: str, status: int) -> None:
    answer = await signed_in(getattr(world, who)).post(f"/v1/organisations/{world.branch_a}/members", json=new_member())
    assert answer.status_code == status


async def test_anonymous_enrols_nobody(world: World, client: AsyncClient) -> None:
    answer = await client.post(f"/v1/organisations/{world.branch_a}/members", json=new_member())
    assert answer.status_code == 401


async def test_only_a_branch_enrols(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.administrator).post(f"/v1/organisations/{world.commune}/members", json=new_member())
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_branch")


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"full_name": "123"}, "/full_name", "name_unreadable"),
        ({"full_name": "A" * 121}, "/full_name", "string_too_long"),
        ({"card_number": "37 AB"}, "/card_number", "card_number_unreadable"),
        ({"card_number": "123"}, "/card_number", "card_number_unreadable"),
        ({"citizen_id": "03719000123"}, "/citizen_id", "citizen_id_unreadable"),
        ({"phone": "0123"}, "/phone", "phone_unreadable"),
        ({"sex": "unknown"}, "/sex", "enum"),
        ({"born_on": "1899-12-31"}, "/born_on", "date_out_of_range"),
        ({"born_on": "2026-11-23"}, "/born_on", "date_in_future"),
        ({"official_on": "2026-11-23"}, "/official_on", "date_in_future"),
        ({"official_on": "2015-05-18"}, "/official_on", "official_before_admission"),
        ({"born_on": "1997-05-20"}, "/admitted_on", "admitted_too_young"),
        ({"admitted_on": None, "official_on": None}, "/admitted_on", "admission_and_official_dates_missing"),
        ({"post": "secretary"}, "/post", "extra_forbidden"),
    ],
)
async def test_wrong_field_is_named(
    world: World, signed_in: SignedIn, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await signed_in(world.secretary).post(
        f"/v1/organisations/{world.branch_a}/members", json=new_member(**changes)
    )
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("id", "member_id_taken"),
        ("card_number", "card_number_taken"),
        ("citizen_id", "citizen_id_taken"),
        ("phone", "phone_taken"),
    ],
)
async def test_number_on_record_elsewhere_is_refused_without_saying_whose(
    world: World, signed_in: SignedIn, field: str, code: str
) -> None:
    chosen = str(uuid4())
    first = await signed_in(world.administrator).post(
        f"/v1/organisations/{world.far_branch}/members", json=new_member(id=chosen)
    )
    assert first.status_code == 201, first.text
    fresh = new_member(card_number="99999999", citizen_id="001190009999", phone="0987654321", id=str(uuid4()))
    again = await signed_in(world.secretary).post(
        f"/v1/organisations/{world.branch_a}/members", json={**fresh, field: new_member(id=chosen)[field]}
    )
    assert (again.status_code, again.json()["code"]) == (409, code)
    assert again.json()["detail"] is None
    assert "Hiền" not in again.text

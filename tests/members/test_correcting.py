from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.members import add_standing
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


async def _patch(caller: AsyncClient, member_id: UUID, **body: Any) -> Response:
    url = f"/v1/members/{member_id}"
    etag = (await caller.get(url)).headers["etag"]
    return await caller.patch(url, json=body, headers={"If-Match": etag})


@pytest.mark.parametrize("who", ["secretary", "administrator"])
async def test_record_keeper_corrects_a_record(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, who: str
) -> None:
    keeper: Person = getattr(world, who)
    answer = await _patch(
        signed_in(keeper),
        world.member.member_id,
        full_name="Lê  Văn Bường",
        phone="0987 654 321",
        sex=None,
        card_number="37009999",
    )
    assert answer.status_code == 200, answer.text
    corrected = answer.json()
    assert (corrected["full_name"], corrected["phone"]) == ("Lê Văn Bường", "+84*****321")
    assert corrected["version"] == 2
    found = await signed_in(keeper).get(f"/v1/organisations/{world.branch_a}/members?q=buong")
    assert len(found.json()["items"]) == 1
    async with database.session() as session:
        event = await session.execute(
            text("SELECT code, data FROM events WHERE subject_id = :id AND code = 'members.corrected'"),
            {"id": world.member.member_id},
        )
        versions = await session.execute(
            text("SELECT scope_id, version FROM changes WHERE object_id = :id"), {"id": world.member.member_id}
        )
        code, data = event.one()
        assert code == "members.corrected"
        assert set(data["fields"]) == {"full_name", "phone", "card_number"}
        assert "987654321" not in str(data)
        assert set(versions.all()) == {(world.branch_a, 2), (world.member.member_id, 2)}


async def test_first_official_date_recognises_a_probationary_member(world: World, signed_in: SignedIn) -> None:
    answer = await _patch(
        signed_in(world.secretary),
        world.probationary.member_id,
        admitted_on="2025-11-01",
        official_on="2026-11-01",
    )
    assert [(row["kind"], row["starts_on"], row["ends_on"]) for row in answer.json()["standings"]] == [
        ("probationary", "2025-11-01", "2026-10-31"),
        ("official", "2026-11-01", None),
    ]


async def test_dates_of_who_left_stay(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    dates = await _patch(secretary, world.former.member_id, official_on="2001-06-01")
    name = await _patch(secretary, world.former.member_id, full_name="Vũ Văn Giàng")
    assert (dates.status_code, dates.json()["code"]) == (409, "membership_dates_fixed")
    assert name.status_code == 200


async def test_dates_of_who_came_from_another_branch_stay(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await add_standing(session, world.member.member_id, world.branch_b, StandingKind.official)
        await session.commit()
    answer = await _patch(signed_in(world.secretary), world.member.member_id, official_on="2001-06-01")
    assert answer.json()["code"] == "membership_dates_fixed"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 403),
        ("away", 403),
        ("minute_taker", 403),
        ("officer", 403),
        ("auditor", 404),
        ("former", 401),
        ("stranger", 404),
        ("sister_secretary", 404),
    ],
)
async def test_others_correct_nothing(world: World, signed_in: SignedIn, who: str, status: int) -> None:
    answer = await signed_in(getattr(world, who)).patch(
        f"/v1/members/{world.member.member_id}", json={"full_name": "X Y"}, headers={"If-Match": '"1-a"'}
    )
    assert answer.status_code == status


async def test_anonymous_corrects_nothing(world: World, client: AsyncClient) -> None:
    answer = await client.patch(f"/v1/members/{world.member.member_id}", json={"full_name": "X Y"})
    assert answer.status_code == 401


async def test_corrected_dates_must_fit_the_ones_that_stay(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    answer = await _patch(secretary, world.member.member_id, official_on="1999-05-19")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "official_before_admission"
    unchanged = await secretary.get(f"/v1/members/{world.member.member_id}")
    assert unchanged.json()["official_on"] == "2001-05-19"


async def test_taken_phone_is_refused(world: World, signed_in: SignedIn) -> None:
    answer = await _patch(signed_in(world.secretary), world.member.member_id, phone=world.stranger.phone)
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_taken")


async def test_same_values_change_nothing(world: World, signed_in: SignedIn) -> None:
    answer = await _patch(signed_in(world.secretary), world.member.member_id, full_name="Lê Văn Cường")
    assert answer.json()["version"] == 1


async def test_unseen_version_is_not_overwritten(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    url = f"/v1/members/{world.member.member_id}"
    stale = (await secretary.get(url)).headers["etag"]
    await _patch(secretary, world.member.member_id, born_on="1971-01-01")
    missing = await secretary.patch(url, json={"sex": "male"})
    changed = await secretary.patch(url, json={"sex": "male"}, headers={"If-Match": stale})
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    assert (changed.status_code, changed.json()["code"]) == (412, "version_changed")

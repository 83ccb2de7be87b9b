from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, text

from app.members.models import Standing, StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.members import add_standing
from tests.factories.reorganisations import done
from tests.factories.world import Person, World
from tests.members.rosters.test_correcting_many import given_out, send, sheet

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
    ("admitted_on", "official_on", "in_a", "in_b"),
    [
        (
            *("1999-05-19", "2000-05-19"),
            ["probationary 1999-05-19..2000-05-18", "official 2000-05-19..2026-11-21"],
            ["official 2026-11-22.."],
        ),
        (
            *("2025-11-24", "2026-11-24"),
            ["probationary 2025-11-24..2026-11-21"],
            ["probationary 2026-11-22..2026-11-23", "official 2026-11-24.."],
        ),
        ("2026-11-23", None, [], ["probationary 2026-11-23.."]),
    ],
)
async def test_dates_of_who_was_carried_over_by_a_merger_move_the_standings_in_both_branches(
    world: World,
    signed_in: SignedIn,
    clock: FakeClock,
    database: RolledBackDatabase,
    admitted_on: str,
    official_on: str | None,
    in_a: list[str],
    in_b: list[str],
) -> None:
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    clock.advance(days=3)
    person = world.member if official_on else world.probationary
    dates = {"admitted_on": admitted_on, "official_on": official_on}
    answer = await _patch(signed_in(world.sister_secretary), person.member_id, **dates)
    assert (answer.status_code, answer.json()["admitted_on"]) == (200, admitted_on), answer.text
    assert await _memberships(database, person) == [
        *((world.branch_a, row) for row in in_a),
        *((world.branch_b, row) for row in in_b),
    ]


async def test_dates_are_corrected_by_the_roster_too_however_many_branches_one_was_carried_through(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    part = {"name": "Chi bộ thôn Đông mới", "member_ids": [world.member.member_id]}
    await done(administrator, world.branch_b, "split", parts=[part])
    new = UUID((await administrator.get(f"/v1/members/{world.member.member_id}")).json()["organisation"]["id"])
    rows = await given_out(administrator, new)
    rows[str(world.member.member_id)] |= {"Ngày vào Đảng": date(1999, 5, 19), "Ngày chính thức": date(2000, 5, 19)}
    judged = await send(administrator, new, sheet(rows))
    assert judged.json()["changed_count"] == 1, judged.text
    taken = await send(administrator, new, sheet(rows), commit="true", digest=judged.json()["digest"])
    assert (taken.status_code, taken.json()["committed"]) == (200, True), taken.text
    assert await _memberships(database, world.member) == [
        (world.branch_a, "probationary 1999-05-19..2000-05-18"),
        (world.branch_a, "official 2000-05-19..2026-11-21"),
        (world.branch_b, "official 2026-11-22..2026-11-22"),
        (new, "official 2026-11-23.."),
    ]


async def _memberships(database: RolledBackDatabase, person: Person) -> list[tuple[UUID, str]]:
    """A member's standings in their order: the branch, and the state from a day to a day."""
    async with database.session() as session:
        rows = await session.scalars(
            select(Standing).where(Standing.member_id == person.member_id).order_by(Standing.starts_on)
        )
        return [(row.organisation_id, f"{row.kind} {row.starts_on}..{row.ends_on or ''}") for row in rows]


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

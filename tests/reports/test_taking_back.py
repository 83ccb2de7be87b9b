"""Plans and grades that were entered by mistake are taken back, and reports are as they were before."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.security import PostKind
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import Json, SignedIn
from tests.factories.members import give_post
from tests.factories.transfers import moved
from tests.factories.world import World


async def report_of(client: AsyncClient, organisation: UUID, report: str) -> Json:
    answer = await client.get(f"/v1/organisations/{organisation}/reports/{report}?year=2026")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def taken_back(database: RolledBackDatabase) -> list[tuple[str, Any]]:
    """Return the facts of it; Any: JSON."""
    async with database.session() as session:
        rows = await session.execute(text("SELECT code, data FROM events WHERE code LIKE 'reports.%_removed'"))
        return [(row.code, row.data) for row in rows]


@pytest.mark.parametrize(
    ("path", "body", "fact"),
    [
        ("admission-targets/2026", {"plan": 30}, ("reports.admission_target_removed", {"year": 2026})),
        (
            "term-targets/2025",
            {"plan": 160, "to_year": 2029},
            ("reports.committee_target_removed", {"kind": "admissions", "from_year": 2025}),
        ),
        (
            "founding-targets/2026",
            {"plan": 5},
            ("reports.committee_target_removed", {"kind": "new_organisations", "from_year": 2026}),
        ),
    ],
)
async def test_a_plan_is_taken_back_once(
    path: str, body: Json, fact: tuple[str, Any], world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    officer, address = signed_in(world.officer), f"/v1/organisations/{world.commune}/{path}"
    missing = await officer.delete(address)
    assert (missing.status_code, missing.json()["code"]) == (404, "target_not_found")
    before = await report_of(officer, world.commune, "admissions")
    assert (await officer.put(address, json=body)).status_code == 200
    assert await report_of(officer, world.commune, "admissions") != before

    gone = await officer.delete(address)

    assert (gone.status_code, gone.content) == (204, b"")
    assert await report_of(officer, world.commune, "admissions") == before
    again = await officer.delete(address)
    assert (again.status_code, again.json()["code"]) == (404, "target_not_found")
    assert await taken_back(database) == [fact]


async def test_a_grade_is_taken_back_by_the_branch_that_the_member_is_in(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    old, new, officer = (signed_in(who) for who in (world.secretary, world.sister_secretary, world.officer))
    there, here = (f"/v1/organisations/{branch}/ratings/2026" for branch in (world.branch_a, world.branch_b))
    before = await report_of(officer, world.commune, "rating")
    given = [{"member_id": str(who.member_id), "grade": "excellent"} for who in (world.member, world.away)]
    assert (await old.put(there, json={"items": given})).json()["excellent_count"] == 2
    stayed, moving = (item["member_id"] for item in reversed(given))

    assert (await officer.delete(f"{there}/{stayed}")).status_code == 204
    assert (await old.get(there)).json()["excellent_count"] == 1
    for nobody in (stayed, world.sister_member.member_id, world.commune):
        missing = await old.delete(f"{there}/{nobody}")
        assert (missing.status_code, missing.json()["code"]) == (404, "rating_not_found"), nobody

    await moved(old, new, world.member, world.branch_b)
    missing = await old.delete(f"{there}/{moving}")
    assert (missing.status_code, missing.json()["code"]) == (404, "rating_not_found")
    assert (await new.delete(f"{here}/{moving}")).status_code == 204
    assert (await new.get(here)).json()["excellent_count"] == 0
    assert (await report_of(officer, world.commune, "rating"))["total"] == before["total"]
    assert {(code, data["year"], data["member_id"]) for code, data in await taken_back(database)} == {
        ("reports.rating_removed", 2026, stayed),
        ("reports.rating_removed", 2026, moving),
    }


async def test_only_branches_take_grades_back(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    await give_post(database, world.officer, PostKind.committee_officer, world.province)
    address = f"/v1/organisations/{world.commune}/ratings/2026/{world.member.member_id}"
    refused = await signed_in(world.officer).delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "ratings_not_for_branch")

"""The roll as the secretary takes it: whole or in part, who sees what of it, and until when."""

from uuid import uuid4

import pytest
from sqlalchemy import delete, text

from app.members.models import Standing, StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import SignedIn, announced, set_status, took
from tests.factories.rolls import begun, code_of, give_standing, put_roll, roll_of, scan
from tests.factories.world import World


async def test_roll_is_taken_in_parts_and_says_who_entered_it(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    first = await put_roll(secretary, meeting_id, (world.member, "late"), note="Kẹt xe")
    assert (first.status_code, first.json()["version"]) == (200, 2)
    same = await put_roll(secretary, meeting_id, (world.member, "late"), note="Kẹt xe")
    assert same.json()["version"] == 2
    second = await put_roll(
        signed_in(world.minute_taker),
        meeting_id,
        *((person, "present") for person in world.branch_members if person != world.member),
    )
    assert second.json()["quorum"] == {"needed_share": 0.6667, "present_count": 6, "reached": True}
    entries = {entry["member_id"]: entry for entry in second.json()["entries"]}
    late, away = entries[str(world.member.member_id)], entries[str(world.away.member_id)]
    assert (late["attendance"], late["note"], late["source"]) == ("late", "Kẹt xe", "secretary")
    assert (late["entered_by"], away["entered_by"]) == (
        str(world.secretary.member_id),
        str(world.minute_taker.member_id),
    )
    assert (await secretary.get(f"/v1/meetings/{meeting_id}")).json()["warnings"] == []
    async with database.session() as session:
        facts = (await session.execute(text("SELECT data FROM events WHERE code = 'meetings.roll_taken'"))).all()
        scopes = set(await session.scalars(text("SELECT scope_id FROM changes WHERE object_type = 'roll'")))
    assert [len(row.data["attendance"]) for row in facts] == [1, 5]
    assert "Kẹt xe" not in str(facts)
    assert scopes == {world.branch_a, *(person.member_id for person in world.branch_members)}


async def test_members_see_the_numbers_and_their_own_line_and_officers_the_numbers(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    await put_roll(secretary, meeting_id, (world.member, "excused"), (world.away, "excused"), note="Việc gia đình")
    seen = await roll_of(signed_in(world.member), meeting_id)
    assert [(entry["full_name"], entry["attendance"], entry["note"]) for entry in seen["entries"]] == [
        ("Lê Văn Cường", "excused", None)
    ]
    assert seen["counts"]["excused"] == 2
    above = await roll_of(signed_in(world.officer), meeting_id)
    assert (above["entries"], above["counts"]["total"]) == ([], 6)
    for person in (world.stranger, world.administrator, world.auditor, world.sister_secretary):
        assert (await signed_in(person).get(f"/v1/meetings/{meeting_id}/roll")).status_code == 404
    fresh = await secretary.get(f"/v1/meetings/{meeting_id}/roll")
    again = await secretary.get(f"/v1/meetings/{meeting_id}/roll", headers={"If-None-Match": fresh.headers["ETag"]})
    assert again.status_code == 304


async def test_roll_read_before_a_check_in_cannot_be_written(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    read = await secretary.get(f"/v1/meetings/{meeting_id}/roll")
    assert (await scan(signed_in(world.member), meeting_id, await code_of(secretary, meeting_id))).status_code == 200
    refused = await put_roll(secretary, meeting_id, (world.member, "unexcused"), etag=read.headers["ETag"])
    assert (refused.status_code, refused.json()["current_version"]) == (412, 2)
    written = await put_roll(secretary, meeting_id, (world.member, "present"), (world.away, "late"))
    sources = {entry["full_name"]: entry["source"] for entry in written.json()["entries"]}
    assert (sources["Lê Văn Cường"], sources["Phạm Thị Dung"]) == ("code", "secretary")


async def test_roll_refuses_whom_it_does_not_know_and_whom_it_reads_twice(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    unknown = await put_roll(secretary, meeting_id, (world.member, "present"), (world.sister_member, "present"))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "not_on_roster")
    assert [field["pointer"] for field in unknown.json()["errors"]] == ["/entries/1/member_id"]
    twice = await put_roll(secretary, meeting_id, (world.member, "present"), (world.member, "late"))
    assert [(field["pointer"], field["code"]) for field in twice.json()["errors"]] == [
        ("/entries/1/member_id", "duplicate_member")
    ]
    assert (await put_roll(secretary, meeting_id)).status_code == 422
    assert (await put_roll(secretary, meeting_id, (world.member, "absent"))).status_code == 422
    assert (await roll_of(secretary, meeting_id))["version"] == 1
    assert (await put_roll(signed_in(world.member), meeting_id, (world.member, "present"))).status_code == 403


@pytest.mark.parametrize("status", ["minutes_approved", "published"])
async def test_approved_minutes_close_the_roll(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, status: str
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    code = await code_of(secretary, meeting_id)
    await took(secretary, meeting_id, "end")
    await set_status(database, meeting_id, status)
    for refused in (
        await put_roll(secretary, meeting_id, (world.member, "present")),
        await secretary.post(f"/v1/meetings/{meeting_id}/guests", json={"full_name": "Ngô Văn Lâm"}),
        await secretary.delete(f"/v1/meetings/{meeting_id}/guests/{uuid4()}"),
        await scan(signed_in(world.member), meeting_id, code, offline=True),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "roll_closed")


async def test_guests_are_shown_in_the_branch_and_counted_nowhere(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    guest = {"full_name": "Ngô Văn Lâm", "organisation_name": "Đảng ủy xã Yên Mô"}
    early = await secretary.post(f"/v1/meetings/{meeting_id}/guests", json=guest)
    assert (early.status_code, early.json()["code"]) == (409, "meeting_not_begun")
    await took(secretary, meeting_id, "start")
    entered = await secretary.post(f"/v1/meetings/{meeting_id}/guests", json=guest)
    assert entered.status_code == 201
    roll = await roll_of(signed_in(world.member), meeting_id)
    assert (roll["guests"], roll["counts"]["total"], roll["version"]) == ([entered.json()], 6, 2)
    assert {key: roll["guests"][0][key] for key in guest} == guest
    assert (await roll_of(signed_in(world.officer), meeting_id))["guests"] == []
    address = f"/v1/meetings/{meeting_id}/guests/{entered.json()['id']}"
    assert (await signed_in(world.member).delete(address)).status_code == 403
    assert (await secretary.delete(address)).status_code == 204
    gone = await secretary.delete(address)
    assert (gone.status_code, gone.json()["code"]) == (404, "guest_not_found")
    assert (await roll_of(secretary, meeting_id))["version"] == 3


async def test_guest_taken_back_on_the_day_stays_on_the_roll_by_name(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    await put_roll(secretary, meeting_id, (world.stranger, "present"))
    before = (await roll_of(secretary, meeting_id))["entries"]
    async with database.session() as session:
        guests = Standing.kind == StandingKind.temporary_guest
        await session.execute(delete(Standing).where(Standing.member_id == world.stranger.member_id, guests))
        await session.commit()
    assert (await roll_of(secretary, meeting_id))["entries"] == before
    assert world.stranger.full_name in {entry["full_name"] for entry in before}

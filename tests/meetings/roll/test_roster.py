"""The start freezes who is on the roster and as what; the end says of everybody how it was."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.care import members_away
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, put_meeting, said, took
from tests.factories.rolls import begun, give_standing, put_roll, roll_of
from tests.factories.world import World


async def test_start_freezes_everybody_convened_as_they_stand_that_day(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.sister_member, StandingKind.temporary_guest, world.branch_a)
    await give_standing(database, world.phoneless, StandingKind.exempt, world.branch_a)
    await give_standing(database, world.away, StandingKind.temporary_away, world.branch_a)
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    early = await secretary.get(f"/v1/meetings/{meeting_id}/roll")
    assert (early.status_code, early.json()["code"]) == (409, "meeting_not_begun")
    view = await took(secretary, meeting_id, "start", {"minute_taker_id": str(world.minute_taker.member_id)})
    assert view["chair_id"] == str(world.secretary.member_id)
    assert view["minute_taker_id"] == str(world.minute_taker.member_id)
    assert (view["rule_set"], view["started_at"]) == ("42-HD/BTCTW@2025-10-28", "2026-11-22T01:00:00Z")
    assert view["warnings"] == ["quorum_missing"]

    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    roll = await roll_of(secretary, meeting_id)
    shown = {
        entry["full_name"]: (entry["standing"], entry["is_exempt"], entry["is_away"], entry["suggested"])
        for entry in roll["entries"]
    }
    assert shown == {
        "Nguyễn Văn An": ("official", False, False, None),
        "Trần Thị Bình": ("official", False, False, None),
        "Lê Văn Cường": ("official", False, False, "excused"),
        "Phạm Thị Dung": ("official", False, True, "excused"),
        "Hoàng Thị Én": ("probationary", False, False, None),
        "Đỗ Văn Phúc": ("official", True, False, "exempt"),
        "Đinh Thị Kim": ("temporary_guest", False, False, None),
    }
    assert all(entry["attendance"] is entry["source"] is None for entry in roll["entries"])
    assert (roll["counts"]["total"], roll["counts"]["exempt"], roll["counts"]["not_taken"]) == (6, 1, 5)
    assert roll["quorum"] == {"needed_share": 0.6667, "present_count": 0, "reached": False}


async def test_committee_member_of_another_branch_is_on_the_roster_as_at_home(
    world: World, signed_in: SignedIn
) -> None:
    meeting_id = await begun(signed_in(world.secretary), world.branch_a, kind="committee")
    roll = await roll_of(signed_in(world.secretary), meeting_id)
    assert [(entry["full_name"], entry["standing"]) for entry in roll["entries"]] == [("Nguyễn Văn An", "official")]


async def test_chair_is_whoever_is_named_or_the_secretary_who_starts(world: World, signed_in: SignedIn) -> None:
    minute_taker = signed_in(world.minute_taker)
    meeting_id = await announced(minute_taker, world.branch_a)
    for named, pointer in ((world.stranger, "chair_id"), (world.sister_member, "minute_taker_id")):
        refused = await minute_taker.post(f"/v1/meetings/{meeting_id}/start", json={pointer: str(named.member_id)})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_on_roster")
        assert refused.json()["errors"][0]["pointer"] == f"/{pointer}"
    assert (await took(minute_taker, meeting_id, "start"))["chair_id"] is None
    other = await announced(minute_taker, world.branch_a)
    view = await took(minute_taker, other, "start", {"chair_id": str(world.member.member_id)})
    assert view["chair_id"] == str(world.member.member_id)


async def test_end_fills_in_what_the_roll_does_not_say_and_the_secretary_corrects_it(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.phoneless, StandingKind.temporarily_exempt, world.branch_a)
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Đi công tác")
    await said(signed_in(world.away), meeting_id, "attending_online")
    await took(secretary, meeting_id, "start")
    taken = await put_roll(secretary, meeting_id, (world.secretary, "present"), (world.minute_taker, "late"))
    assert taken.status_code == 200, taken.text
    assert (await took(secretary, meeting_id, "end"))["warnings"] == []
    roll = await roll_of(secretary, meeting_id)
    assert {entry["full_name"]: (entry["attendance"], entry["source"]) for entry in roll["entries"]} == {
        "Nguyễn Văn An": ("present", "secretary"),
        "Trần Thị Bình": ("late", "secretary"),
        "Lê Văn Cường": ("excused", None),
        "Phạm Thị Dung": ("unexcused", None),
        "Hoàng Thị Én": ("unexcused", None),
        "Đỗ Văn Phúc": ("exempt", None),
    }
    assert (roll["version"], roll["counts"]["rate"], roll["counts"]["band"]) == (3, 0.4, "poor")
    corrected = await put_roll(
        secretary, meeting_id, (world.away, "excused"), (world.probationary, "present_online"), note="Gọi điện báo"
    )
    assert corrected.json()["counts"] == {
        "total": 6,
        "present": 1,
        "present_online": 1,
        "late": 1,
        "excused": 2,
        "unexcused": 0,
        "exempt": 1,
        "not_taken": 0,
        "rate": 0.6,
        "band": "poor",
    }


async def test_meeting_in_session_since_before_the_roll_existed_has_an_empty_one(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    async with database.session() as session:
        await session.execute(text("UPDATE meetings SET rule_set = NULL, check_in_secret = NULL"))
        await session.execute(text("DELETE FROM roster_entries"))
        await session.commit()
    roll = await roll_of(secretary, meeting_id)
    assert (roll["entries"], roll["counts"]["total"], roll["counts"]["rate"]) == ([], 0, None)
    refused = await secretary.get(f"/v1/meetings/{meeting_id}/check-in-code")
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_not_in_session")


async def test_word_about_the_old_date_neither_excuses_nor_binds_after_a_move(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    await said(member, meeting_id, "absent", "Đi công tác")
    await said(signed_in(world.away), meeting_id, "absent", "Ca đêm")
    await took(secretary, meeting_id, "postpone", {"starts_at": "2026-12-10T12:30:00Z", "reason": "Bão"})
    rung_up = await secretary.put(
        f"/v1/meetings/{meeting_id}/replies/{world.member.member_id}", json={"reply": "attending"}
    )
    assert rung_up.status_code == 200, rung_up.text
    await took(secretary, meeting_id, "start")
    suggested = {entry["full_name"]: entry["suggested"] for entry in (await roll_of(secretary, meeting_id))["entries"]}
    assert set(suggested.values()) == {None}
    clock.advance(hours=2)
    secretary = signed_in(world.secretary)
    await took(secretary, meeting_id, "end")
    roll = await roll_of(secretary, meeting_id)
    assert {entry["attendance"] for entry in roll["entries"]} == {"unexcused"}


async def test_who_was_excused_stays_so_when_link_hall_and_hour_change_on_the_same_day(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Ốm")
    for changes in (
        {"online_url": "https://hop.example.vn/dong-2"},
        {"place": "Hội trường xã"},
        {"starts_at": "2026-12-04T13:00:00Z"},
    ):
        assert (await put_meeting(secretary, meeting_id, **changes)).status_code == 200
    await took(secretary, meeting_id, "start")
    suggested = {entry["full_name"]: entry["suggested"] for entry in (await roll_of(secretary, meeting_id))["entries"]}
    assert suggested.pop("Lê Văn Cường") == "excused"
    assert set(suggested.values()) == {None}
    await took(secretary, meeting_id, "end")
    attendance = {
        entry["full_name"]: entry["attendance"] for entry in (await roll_of(secretary, meeting_id))["entries"]
    }
    assert attendance.pop("Lê Văn Cường") == "excused"
    assert set(attendance.values()) == {"unexcused"}


@pytest.mark.parametrize(
    ("starts_at", "attendance"),
    [("2026-12-04T16:59:00Z", "excused"), ("2026-12-04T17:00:00Z", "unexcused"), ("2026-12-03T16:59:00Z", "unexcused")],
)
async def test_day_is_that_of_the_place(world: World, signed_in: SignedIn, starts_at: str, attendance: str) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await said(signed_in(world.member), meeting_id, "absent", "Ốm")
    await put_meeting(secretary, meeting_id, starts_at=starts_at, ends_at=...)
    await put_meeting(secretary, meeting_id, place="Hội trường xã")
    await took(secretary, meeting_id, "start")
    await took(secretary, meeting_id, "end")
    roll = await roll_of(secretary, meeting_id)
    assert {entry["attendance"] for entry in roll["entries"] if entry["reply"]} == {attendance}


async def test_stay_elsewhere_counts_no_month_as_missed_without_reason(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    await give_standing(database, world.away, StandingKind.temporary_away, world.branch_a)
    secretary = signed_in(world.secretary)
    for month in (1, 2, 3):
        meeting_id = await begun(secretary, world.branch_a, starts_at=f"2027-0{month}-04T12:30:00Z", ends_at=...)
        await took(secretary, meeting_id, "end")
    clock.set(datetime(2027, 3, 5, 1, tzinfo=UTC))
    flags = {}
    for person in (world.away, world.member):
        answer = await signed_in(person).get("/v1/me/activity/summary?year=2027")
        year = answer.json()
        assert year["meetings_convened_count"] == 3, answer.text
        flags[person] = (year["unexcused_months_count"], year["removal_flag"])
    assert flags == {world.away: (0, False), world.member: (3, True)}
    [seen] = await members_away(signed_in(world.secretary), world.branch_a)
    assert (seen["unexcused_months_count"], seen["three_month_flag"]) == (0, False)

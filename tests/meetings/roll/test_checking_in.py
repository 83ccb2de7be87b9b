"""Checking in by the code on the screen: the server's clock, one step of grace, and scans that come late."""

from uuid import uuid4

from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, took
from tests.factories.rolls import begun, code_of, put_roll, roll_of, scan
from tests.factories.world import World


async def test_member_checks_in_once_by_the_servers_clock(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await begun(secretary, world.branch_a)
    shown = (await secretary.get(f"/v1/meetings/{meeting_id}/check-in-code")).json()
    assert (shown["valid_until"], shown["step_seconds"]) == ("2026-11-22T01:00:30Z", 30)
    clock.advance(seconds=20)
    first = await scan(member, meeting_id, shown["code"])
    assert first.status_code == 200, first.text
    mine = first.json()
    assert (mine["attendance"], mine["source"], mine["checked_in_at"], mine["arrived_offline"]) == (
        "present",
        "code",
        "2026-11-22T01:00:20Z",
        False,
    )
    assert mine["entered_by"] == str(world.member.member_id)
    clock.advance(seconds=20)
    assert (await scan(member, meeting_id, shown["code"], online=True)).json() == mine
    assert (await roll_of(secretary, meeting_id))["version"] == 2
    online = await scan(signed_in(world.away), meeting_id, await code_of(secretary, meeting_id), online=True)
    assert online.json()["attendance"] == "present_online"
    assert (await roll_of(member, meeting_id))["counts"]["rate"] == 0.3333


async def test_code_is_taken_in_its_step_and_the_next_and_then_no_more(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    code = await code_of(secretary, meeting_id)
    clock.advance(seconds=59)
    assert (await scan(signed_in(world.member), meeting_id, code)).status_code == 200
    clock.advance(seconds=1)
    late = await scan(signed_in(world.away), meeting_id, code)
    assert (late.status_code, late.json()["code"]) == (409, "check_in_code_expired")


async def test_repeated_under_its_key_it_is_answered_as_before_though_the_code_is_late(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await begun(secretary, world.branch_a)
    member.headers["Idempotency-Key"] = str(uuid4())
    code = await code_of(secretary, meeting_id)
    first = await scan(member, meeting_id, code)
    clock.advance(minutes=5)
    again = await scan(member, meeting_id, code)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await scan(member, meeting_id, code, online=True)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_code_of_yesterday_another_meeting_or_nobody_is_refused(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    yesterdays = await begun(secretary, world.branch_a)
    code = await code_of(secretary, yesterdays)
    meeting_id = await begun(secretary, world.branch_a)
    for offline in (False, True):
        for wrong in (code, "A" * 24, "xin chào", code[:-1]):
            refused = await scan(member, meeting_id, wrong, offline=offline)
            assert (refused.status_code, refused.json()["code"]) == (422, "check_in_code_invalid"), wrong
            assert refused.json()["errors"][0]["pointer"] == "/code"
    clock.advance(days=1)
    assert (await scan(signed_in(world.member), yesterdays, code)).json()["code"] == "check_in_code_expired"


async def test_scan_made_offline_arrives_later_and_is_marked_so(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await begun(secretary, world.branch_a)
    first = await code_of(secretary, meeting_id)
    clock.advance(minutes=30, seconds=7)
    code = await code_of(signed_in(world.secretary), meeting_id)
    await put_roll(signed_in(world.secretary), meeting_id, (world.probationary, "late"))
    clock.advance(hours=1)
    await took(signed_in(world.secretary), meeting_id, "end")
    clock.advance(days=1)
    assert (await scan(signed_in(world.member), meeting_id, code)).json()["code"] == "meeting_not_in_session"
    arrived = (await scan(signed_in(world.member), meeting_id, code, offline=True)).json()
    assert (arrived["attendance"], arrived["checked_in_at"], arrived["arrived_offline"]) == (
        "present",
        "2026-11-22T01:30:00Z",
        True,
    )
    # What the secretary has entered stands; that the phone was there is kept beside it.
    entered = (await scan(signed_in(world.probationary), meeting_id, first, offline=True)).json()
    assert (entered["attendance"], entered["source"], entered["checked_in_at"], entered["arrived_offline"]) == (
        "late",
        "secretary",
        "2026-11-22T01:00:00Z",
        True,
    )


async def test_only_who_is_on_the_roster_checks_in_and_only_in_session(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    code = "A" * 24
    assert (await secretary.get(f"/v1/meetings/{meeting_id}/check-in-code")).json()["code"] == "meeting_not_in_session"
    for offline in (False, True):
        early = await scan(signed_in(world.member), meeting_id, code, offline=offline)
        assert (early.status_code, early.json()["code"]) == (409, "meeting_not_in_session")
    await took(secretary, meeting_id, "start")
    code = await code_of(secretary, meeting_id)
    above = await scan(signed_in(world.officer), meeting_id, code)
    assert (above.status_code, above.json()["code"]) == (403, "not_convened")
    assert (await scan(signed_in(world.stranger), meeting_id, code)).status_code == 404
    assert (await signed_in(world.member).get(f"/v1/meetings/{meeting_id}/check-in-code")).status_code == 403
    await took(secretary, meeting_id, "end")
    assert (await secretary.get(f"/v1/meetings/{meeting_id}/check-in-code")).status_code == 409
    assert (await scan(signed_in(world.member), meeting_id, code)).status_code == 409

"""What a secretary sees: on a phone, waiting, failed and why, no device, and whom to ring up."""

from datetime import timedelta

from sqlalchemy import text

from app.kernel.push import RetryAfter, TokenDead
from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.care import unreached
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, announced, drafted, inbox, put_meeting, said, took
from tests.factories.members import add_standing, transfer
from tests.factories.reorganisations import done
from tests.factories.world import World
from tests.worker import JobRunner

COUNTS = ("on_a_phone", "waiting", "failed", "no_device", "inbox_only")


async def _reach(
    signed_in: SignedIn, world: World, meeting_id: str, who: str = "secretary", *, addressed: int = 6
) -> Json:
    answer = await signed_in(getattr(world, who)).get(f"/v1/meetings/{meeting_id}/reach")
    assert answer.status_code == 200, answer.text
    reach: Json = answer.json()
    assert sum(reach[f"{name}_count"] for name in (*COUNTS, "not_told")) == reach["addressed_count"] == addressed
    return reach


def _counts(reach: Json) -> tuple[int, ...]:
    return tuple(reach[f"{name}_count"] for name in COUNTS)


def _names(reach: Json) -> list[str]:
    return [one["full_name"] for one in reach["to_ring_up"]]


async def test_from_the_draft_to_the_last_phone(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await drafted(secretary, world.branch_a)
    assert _counts(await _reach(signed_in, world, meeting_id)) == (0, 5, 0, 1, 0)
    await took(secretary, meeting_id, "announce")
    assert await jobs.run_one()  # the notice stands; no chunk has begun
    assert _counts(await _reach(signed_in, world, meeting_id)) == (0, 5, 0, 1, 0)
    jobs.sender.answers[world.member.push_token] = TokenDead("UNREGISTERED: gone")
    jobs.sender.answers[world.probationary.push_token] = RetryAfter(timedelta(hours=1), "UNAVAILABLE: away")
    await jobs.run()
    reach = await _reach(signed_in, world, meeting_id)  # Berlin sleeps
    assert _counts(reach) == (2, 2, 1, 1, 0)
    assert _names(reach) == [world.member.full_name, world.phoneless.full_name]
    assert [one["state"] for one in reach["to_ring_up"]] == ["failed", "no_device"]
    assert [(one["reason_code"], one["count"]) for one in reach["failures"]] == [("app_removed", 1)]
    clock.advance(days=1)
    await jobs.run()
    assert _counts(await _reach(signed_in, world, meeting_id)) == (2, 0, 3, 1, 0)


async def test_who_has_seen_or_said_something_is_not_rung_up(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    for person in (world.member, world.probationary):
        jobs.sender.answers[person.push_token] = TokenDead("UNREGISTERED: gone")
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()
    await said(signed_in(world.member), meeting_id, "attending")
    (notice,) = await inbox(signed_in(world.probationary))
    await signed_in(world.probationary).put(f"/v1/me/notifications/{notice['id']}/read")
    rung = await secretary.put(
        f"/v1/meetings/{meeting_id}/replies/{world.phoneless.member_id}", json={"reply": "attending"}
    )
    assert rung.status_code == 200
    reach = await _reach(signed_in, world, meeting_id)
    assert (_counts(reach), _names(reach)) == ((4, 1, 0, 1, 0), [])
    clock.advance(seconds=1)
    # What moved must be said anew; the probationary member's app was removed.
    await took(secretary, meeting_id, "postpone", {"starts_at": "2026-12-06T12:30:00Z", "reason": "Mưa bão"})
    await jobs.run()
    reach = await _reach(signed_in, world, meeting_id)
    assert _counts(reach) == (2, 1, 0, 3, 0)
    assert _names(reach) == [person.full_name for person in (world.member, world.probationary, world.phoneless)]
    async with database.session() as session:
        await session.execute(text("UPDATE deliveries SET outcome = 'withdrawn', reason = 'no longer owed'"))
        await session.commit()
    assert _counts(await _reach(signed_in, world, meeting_id)) == (0, 0, 0, 3, 3)


def _not_told(reach: Json) -> list[str]:
    """Names of those who were not told; all that are counted, unless they are told of it in another way."""
    return [one["full_name"] for one in reach["to_ring_up"] if one["state"] == "not_told"]


async def test_who_is_called_since_the_call_went_out_was_not_told_and_is_rung_up(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()
    clock.advance(days=5)
    await jobs.run()
    secretary = signed_in(world.secretary)
    async with database.session() as session:
        await transfer(session, world.sister_member, to=world.branch_a)
        guest = StandingKind.temporary_guest
        await add_standing(session, world.stranger.member_id, world.branch_a, guest, starts_on=session.today())
        await session.commit()
    reach = await _reach(signed_in, world, meeting_id, addressed=8)
    assert (_counts(reach), reach["not_told_count"]) == ((4, 0, 1, 1, 0), 2)
    assert sorted(_not_told(reach)) == sorted([world.sister_member.full_name, world.stranger.full_name])
    reasons = {one["reason"] for one in reach["to_ring_up"] if one["state"] == "not_told"}
    assert reasons == {"Chưa được báo: về sinh hoạt sau khi thông báo được gửi, hoặc đã báo vắng từ trước"}
    members = (await unreached(secretary, world.branch_a))["members"]
    listed = {one["member"]["full_name"]: one["state"] for one in members}
    assert listed[world.sister_member.full_name] == listed[world.stranger.full_name] == "not_told"

    # One has found the meeting by themselves, the other was rung up.
    await said(signed_in(world.sister_member), meeting_id, "attending")
    rung = await secretary.put(
        f"/v1/meetings/{meeting_id}/replies/{world.stranger.member_id}", json={"reply": "attending"}
    )
    assert rung.status_code == 200, rung.text
    reach = await _reach(signed_in, world, meeting_id, addressed=8)
    assert (_counts(reach), reach["not_told_count"], _not_told(reach)) == ((5, 0, 1, 1, 0), 1, [])


async def test_who_had_said_no_is_not_told_of_a_move(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()
    await said(signed_in(world.member), meeting_id, "absent", "Đi vắng")
    assert _not_told(await _reach(signed_in, world, meeting_id)) == []
    clock.advance(seconds=1)
    await put_meeting(secretary, meeting_id, place="Hội trường xã")
    await jobs.run()
    reach = await _reach(signed_in, world, meeting_id)
    assert (reach["not_told_count"], _not_told(reach)) == (1, [world.member.full_name])


async def test_nobody_of_the_branch_that_a_call_is_handed_to_was_told(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    clock.advance(hours=8)
    await jobs.run()
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    await jobs.run()
    reach = await _reach(signed_in, world, meeting_id, "sister_secretary", addressed=8)
    assert (_counts(reach), reach["not_told_count"]) == ((5, 0, 0, 1, 0), 2)
    assert sorted(_not_told(reach)) == sorted([world.sister_secretary.full_name, world.sister_member.full_name])


async def test_officer_above_sees_figures_and_no_names(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    own, above = await _reach(signed_in, world, meeting_id), await _reach(signed_in, world, meeting_id, "officer")
    assert _names(own) == [world.phoneless.full_name]
    assert above == {**own, "to_ring_up": []}


async def test_announcement_says_the_same_of_a_broad_audience(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    clock.advance(hours=8)
    wishes = {"items": [{"kind": "announcement", "channel": "push", "enabled": False}]}
    await signed_in(world.away).put("/v1/me/notification-preferences", json=wishes)
    jobs.sender.answers[world.member.push_token] = TokenDead("UNREGISTERED: gone")
    secretary = signed_in(world.secretary)
    announcement_id = await published(secretary, world.branch_a)
    url = f"/v1/announcements/{announcement_id}"
    await jobs.run()
    reach = (await secretary.get(f"{url}/reach", headers={"Accept-Language": "en"})).json()
    assert (_counts(reach), _names(reach)) == (
        (3, 0, 1, 1, 1),
        [world.member.full_name, world.phoneless.full_name],
    )
    assert reach["to_ring_up"][0]["reason"].startswith("The app was removed")
    await signed_in(world.member).put(f"{url}/opened")
    reach = (await secretary.get(f"{url}/reach")).json()
    assert (_counts(reach), _names(reach)) == ((4, 0, 0, 1, 1), [world.phoneless.full_name])

"""What a secretary sees: on a phone, waiting, failed and why, no device, and whom to ring up."""

from datetime import timedelta

from sqlalchemy import text

from app.kernel.push import RetryAfter, TokenDead
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, announced, drafted, inbox, said, took
from tests.factories.world import World
from tests.worker import JobRunner

COUNTS = ("on_a_phone", "waiting", "failed", "no_device", "inbox_only")


async def _reach(signed_in: SignedIn, world: World, meeting_id: str, who: str = "secretary") -> Json:
    answer = await signed_in(getattr(world, who)).get(f"/v1/meetings/{meeting_id}/reach")
    assert answer.status_code == 200, answer.text
    reach: Json = answer.json()
    assert sum(reach[f"{name}_count"] for name in COUNTS) == reach["addressed_count"] == 6
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

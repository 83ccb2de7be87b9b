"""A nudge: gentle, once a week, in nobody's night, and no secret (domain.md 7)."""

from datetime import timedelta

from tests.conftest import RolledBackDatabase
from tests.factories.care import members_away, my_care
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, inbox
from tests.factories.members import transfer
from tests.factories.world import World
from tests.worker import JobRunner


async def test_a_nudge_wakes_nobody_and_stands_in_the_log_and_before_the_member(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    at = clock()
    answer = await signed_in(world.secretary).post(f"/v1/members/{world.away.member_id}/nudges")
    assert answer.status_code == 201, answer.text
    assert answer.json()["next_nudge_at"] == "2026-11-29T01:00:00Z"
    await jobs.run()
    assert jobs.sender.tokens("member_nudged") == []  # two in the morning in Berlin
    clock.advance(hours=5)
    await jobs.run()
    assert jobs.sender.tokens("member_nudged") == [world.away.push_token]
    [(message, _)] = jobs.sender.pushes
    assert world.secretary.full_name not in f"{message.title}{message.body}"
    secretary, away = signed_in(world.secretary), signed_in(world.away)
    [notice] = await inbox(away)
    assert notice["title"] == "Chi bộ hỏi thăm đồng chí"
    [english] = await inbox(away, **{"Accept-Language": "en"})
    assert english["title"] == "Your branch asks after you"

    [seen] = await members_away(secretary, world.branch_a)
    assert seen == await my_care(away)
    assert (seen["last_nudged_at"], seen["next_nudge_at"]) == ("2026-11-22T01:00:00Z", "2026-11-29T01:00:00Z")
    assert seen["last_nudged_by"]["full_name"] == world.secretary.full_name
    log = (await secretary.get(f"/v1/organisations/{world.branch_a}/activity")).json()["items"]
    assert [(one["type"], one["summary"], one["subject"]["id"]) for one in log] == [
        ("care.member_nudged", "Hỏi thăm đảng viên", str(world.away.member_id))
    ]
    clock.set(at + timedelta(days=7))
    assert (await my_care(signed_in(world.away)))["next_nudge_at"] is None


async def test_no_second_nudge_within_the_week_whoever_gives_it(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    url = f"/v1/members/{world.member.member_id}/nudges"
    assert (await signed_in(world.secretary).post(url)).status_code == 201
    clock.advance(days=7, seconds=-1)
    refused = await signed_in(world.minute_taker).post(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "nudged_recently")
    assert refused.headers["Retry-After"] == "1"
    assert "08:00 29/11/2026" in refused.json()["detail"]
    clock.advance(seconds=1)
    assert (await signed_in(world.minute_taker).post(url)).status_code == 201
    await jobs.run()
    assert jobs.sender.tokens("member_nudged") == [world.member.push_token]  # no worker came to the first in time


async def test_no_second_nudge_within_the_week_though_another_branch_gave_the_first(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    url = f"/v1/members/{world.member.member_id}/nudges"
    assert (await signed_in(world.secretary).post(url)).status_code == 201
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    refused = await signed_in(world.sister_secretary).post(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "nudged_recently")


async def test_who_has_no_phone_or_has_left_is_not_nudged(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await transfer(session, world.member, to=world.branch_b)
        await session.commit()
    for person in (world.phoneless, world.former):
        refused = await signed_in(world.secretary).post(f"/v1/members/{person.member_id}/nudges")
        assert (refused.status_code, refused.json()["code"]) == (409, "nobody_to_nudge"), person
    refused = await signed_in(world.secretary).post(f"/v1/members/{world.member.member_id}/nudges")
    assert (refused.status_code, refused.json()["code"]) == (404, "member_not_found")
    refused = await signed_in(world.member).post(f"/v1/members/{world.sister_member.member_id}/nudges")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")

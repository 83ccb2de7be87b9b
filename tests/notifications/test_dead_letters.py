"""Deliveries as an administrator sees them, and dead letters sent anew."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.push import Rejected, RetryAfter, TokenRefused
from app.notifications.lanes.queries import find_lanes
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.clock import FakeClock
from tests.factories.deliveries import find_deliveries
from tests.factories.meetings import Json, SignedIn, announced, phones_of, took
from tests.factories.world import HANOI, Person, World
from tests.worker import JobRunner

FOREIGN = TokenRefused("SENDER_ID_MISMATCH: SenderId mismatch", is_foreign=True)
BAD = Rejected("INVALID_ARGUMENT message.data: no")


async def _listed(client: AsyncClient, world: World, query: str = "") -> Json:
    answer = await client.get(f"/v1/organisations/{world.branch_a}/deliveries{query}")
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


async def _register(client: AsyncClient, person: Person, token: str) -> bool:
    body = {"platform": "android", "push_token": token, "time_zone": HANOI, "app_version": "1.0.0"}
    answer = await client.put(f"/v1/me/devices/{person.installation_id}", json=body)
    assert answer.status_code == 200, answer.text
    has_token: bool = answer.json()["has_push_token"]
    return has_token


async def test_administrator_pages_through_deliveries_by_outcome_and_learns_nobodys_name(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    jobs.sender.answers[world.member.push_token] = FOREIGN
    jobs.sender.answers[world.probationary.push_token] = RetryAfter(clock() - clock(), "UNAVAILABLE: away")
    await announced(signed_in(world.secretary), world.branch_a, title="Kỷ luật đồng chí Cường")
    await jobs.run()
    await published(signed_in(world.officer), world.commune)
    await jobs.run()
    administrator = signed_in(world.administrator)
    first = await _listed(administrator, world, "?limit=3")
    second = await _listed(administrator, world, f"?limit=3&cursor={first['next_cursor']}")
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (3, 2, None)
    items = [*first["items"], *second["items"]]
    assert len({item["device_id"] for item in items}) == 5
    assert {item["notification_type"] for item in items} == {"meeting_announced"}
    by_outcome = {
        outcome: (await _listed(administrator, world, f"?outcome={outcome}"))["items"]
        for outcome in ("sent", "waiting", "quarantined", "rejected", "token_dead", "withdrawn")
    }
    assert {outcome: len(found) for outcome, found in by_outcome.items()} == {
        "sent": 2, "waiting": 2, "quarantined": 1, "rejected": 0, "token_dead": 0, "withdrawn": 0
    }  # fmt: skip
    (quarantined,) = by_outcome["quarantined"]
    assert (quarantined["reason_code"], quarantined["try_count"], quarantined["next_try_at"]) == ("other_app", 1, None)
    assert {(one["reason_code"], one["next_try_at"]) for one in by_outcome["waiting"]} == {
        ("service_down", "2026-11-22T01:00:10Z"),
        ("not_tried_yet", None),
    }
    answer = await administrator.get(
        f"/v1/organisations/{world.branch_a}/deliveries?outcome=quarantined", headers={"Accept-Language": "en"}
    )
    assert answer.json()["items"][0]["reason"] == "The phone has another system's app; the right one must be installed"
    assert "Cường" not in answer.text
    above = (await administrator.get(f"/v1/organisations/{world.commune}/deliveries?limit=100")).json()["items"]
    assert {item["notification_type"] for item in above} == {"meeting_announced", "announcement_published"}
    refused = await administrator.get(
        f"/v1/organisations/{world.branch_a}/deliveries?cursor=WyJ4IiwgIjAxYTIwNTU0LWFhMjItN2NmNS05N2JhLTY0NTc1YzAzMGQ2ZSJd"
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")


async def test_quarantined_token_is_never_sent_to_again_until_the_phone_has_another(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    token = world.member.push_token
    jobs.sender.answers[token] = FOREIGN
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    member = signed_in(world.member)
    assert not await _register(member, world.member, token)  # each start of the app sends it
    assert not await _register(signed_in(world.probationary), world.probationary, token)  # nor from another phone
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert jobs.sender.tokens().count(token) == 1
    assert await _register(member, world.member, "another")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert jobs.sender.tokens().count("another") == 1


async def test_requeued_dead_letters_go_out_again_and_their_tokens_are_released(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    clock.advance(hours=8)
    foreign, bad = world.member.push_token, world.away.push_token
    jobs.sender.answers |= {foreign: FOREIGN, bad: BAD}
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    administrator = signed_in(world.administrator)
    url = f"/v1/organisations/{world.branch_a}/deliveries/requeue"
    dead = (await _listed(administrator, world, "?outcome=rejected"))["items"]
    one = {"notification_id": dead[0]["notification_id"], "device_id": dead[0]["device_id"]}
    jobs.sender.answers.clear()
    assert (await administrator.post(url, json=one)).json() == {"requeued_count": 1}
    await jobs.run()
    assert (jobs.sender.tokens().count(bad), jobs.sender.tokens().count(foreign)) == (2, 1)
    refused = await administrator.post(url, json=one)
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_not_dead_letter")

    every = {"notification_id": one["notification_id"]}
    assert (await administrator.post(url, json=every)).json() == {"requeued_count": 1}
    await jobs.run()
    assert jobs.sender.tokens().count(foreign) == 2
    assert (await administrator.post(url, json=every)).json() == {"requeued_count": 0}
    rows = await find_deliveries(database)
    assert {(row["outcome"], row["attempts"]) for row in rows.values()} == {("sent", 1)}
    assert rows.keys() == phones_of(world)
    assert sorted(set(jobs.sender.tokens())) == sorted(phones_of(world))
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(quarantined_token) FROM devices")) == 0
        assert set(await find_lanes(session)) == {"android", "ios", "web"}


async def test_token_that_another_phone_has_meanwhile_stays_in_quarantine(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    jobs.sender.answers[world.member.push_token] = FOREIGN
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    async with database.session() as session:
        await session.execute(
            text("UPDATE devices SET push_token = :token WHERE account_id = :account"),
            {"token": world.member.push_token, "account": world.probationary.account_id},
        )
        await session.commit()
    administrator = signed_in(world.administrator)
    (dead,) = (await _listed(administrator, world, "?outcome=quarantined"))["items"]
    url = f"/v1/organisations/{world.branch_a}/deliveries/requeue"
    assert (await administrator.post(url, json={"notification_id": dead["notification_id"]})).status_code == 200
    await jobs.run()
    assert jobs.sender.tokens().count(world.member.push_token) == 1
    (left,) = (await _listed(administrator, world, "?outcome=withdrawn"))["items"]
    assert (left["device_id"], left["reason_code"]) == (dead["device_id"], "no_longer_owed")


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
async def test_notice_that_is_over_is_not_sent_anew(
    how: str, world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    jobs.sender.answers[world.member.push_token] = BAD
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()
    administrator = signed_in(world.administrator)
    (dead,) = (await _listed(administrator, world, "?outcome=rejected"))["items"]
    if how == "withdrawn":
        await took(secretary, meeting_id, "cancel", {"reason": "Mưa bão"})
    else:
        clock.advance(days=2)
    url = f"/v1/organisations/{world.branch_a}/deliveries/requeue"
    refused = await signed_in(world.administrator).post(url, json={"notification_id": dead["notification_id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "notice_over")


async def test_deliveries_of_others_and_of_nobody_are_not_found(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    administrator = signed_in(world.administrator)
    (one, *_) = (await _listed(administrator, world))["items"]
    elsewhere = f"/v1/organisations/{world.branch_b}/deliveries/requeue"
    refused = await administrator.post(elsewhere, json={"notification_id": one["notification_id"]})
    assert (refused.status_code, refused.json()["code"]) == (404, "delivery_not_found")
    nobody = {"notification_id": one["notification_id"], "device_id": str(world.branch_a)}
    refused = await administrator.post(f"/v1/organisations/{world.branch_a}/deliveries/requeue", json=nobody)
    assert (refused.status_code, refused.json()["code"]) == (404, "delivery_not_found")

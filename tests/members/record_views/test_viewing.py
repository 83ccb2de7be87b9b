"""Whoever sees a record is named to the one it is about, once a day."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.changes import tell_of_world
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


async def views_of(caller: AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.get(f"/v1/me/record-views{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def facts(database: RolledBackDatabase) -> list[Any]:
    async with database.session() as session:
        rows = await session.execute(
            text(
                "SELECT code, actor_member_id, subject_id, organisation_id, data FROM events"
                " WHERE code IN ('members.record_viewed', 'members.roster_viewed') ORDER BY id"
            )
        )
        return list(rows)


async def test_a_member_reads_who_saw_their_record_when_and_by_which_post(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    url = f"/v1/members/{world.member.member_id}"
    assert (await signed_in(world.secretary).get(url)).json()["phone"] is not None
    clock.advance(hours=1)
    assert (await signed_in(world.secretary).get(url)).status_code == 200  # the same day
    assert (await signed_in(world.administrator).get(url)).status_code == 200
    clock.advance(days=1)
    assert (await signed_in(world.secretary).get(url)).status_code == 200

    seen = await views_of(signed_in(world.member))
    assert [(item["viewer"]["full_name"], item["post_kind"], item["what"], item["viewed_at"]) for item in seen] == [
        (world.secretary.full_name, "secretary", "record", "2026-11-23T02:00:00Z"),
        (world.administrator.full_name, "administrator", "record", "2026-11-22T02:00:00Z"),
        (world.secretary.full_name, "secretary", "record", "2026-11-22T01:00:00Z"),
    ]
    assert seen[0]["organisation"] == {"id": str(world.branch_a), "name": "Chi bộ thôn Đông"}
    assert [tuple(fact) for fact in await facts(database)] == [
        ("members.record_viewed", viewer.member_id, world.member.member_id, world.branch_a, {})
        for viewer in (world.secretary, world.administrator, world.secretary)
    ]
    assert await views_of(signed_in(world.away)) == []


async def test_a_correction_is_answered_with_the_record_and_seen_by_whose_it_is(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    url = f"/v1/members/{world.member.member_id}"
    answer = await signed_in(world.secretary).patch(url, json={}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["full_name"]) == (200, world.member.full_name)
    refused = await signed_in(world.administrator).patch(url, json={"sex": "male"}, headers={"If-Match": '"7"'})
    assert refused.status_code == 412

    [seen] = await views_of(signed_in(world.member))
    assert (seen["viewer"]["member_id"], seen["what"]) == (str(world.secretary.member_id), "record")
    [fact] = await facts(database)
    assert (fact.code, fact.subject_id) == ("members.record_viewed", world.member.member_id)


async def test_who_had_the_post_for_a_day_is_named_as_well(world: World, signed_in: SignedIn) -> None:
    """A post that has not held for a day is taken back whole: nothing but the look leads to who held it."""
    administrator, posts = signed_in(world.administrator), f"/v1/organisations/{world.commune}/posts"
    body = {"member_id": str(world.sister_member.member_id), "kind": "administrator", "starts_on": "2026-11-22"}
    granted = await administrator.post(posts, json=body)
    assert granted.status_code == 201, granted.text
    seen = await signed_in(world.sister_member).get(f"/v1/members/{world.member.member_id}")
    assert seen.status_code == 200
    assert (await administrator.delete(f"/v1/posts/{granted.json()['id']}")).status_code == 204

    [view] = await views_of(signed_in(world.member))
    assert view["viewer"]["full_name"] == world.sister_member.full_name
    assert (await signed_in(world.member).get(f"/v1/members/{world.sister_member.member_id}")).status_code == 404


async def test_a_roster_is_seen_by_all_that_are_on_it_and_leaves_one_fact_a_page(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, url = signed_in(world.secretary), f"/v1/organisations/{world.branch_a}/members"
    for query in ("?limit=2", "?limit=2", ""):
        assert (await secretary.get(url + query)).status_code == 200
    for person in world.branch_members:
        if person in {world.secretary, world.phoneless}:
            continue
        assert [(view["viewer"]["member_id"], view["what"]) for view in await views_of(signed_in(person))] == [
            (str(world.secretary.member_id), "roster")
        ]
    assert await views_of(signed_in(world.secretary)) == []  # one's own record is no one else's
    first, rest = await facts(database)
    assert (first.code, first.subject_id, first.actor_member_id) == (
        "members.roster_viewed",
        world.branch_a,
        world.secretary.member_id,
    )
    noted = [UUID(member) for fact in (first, rest) for member in fact.data["member_ids"]]
    assert sorted(noted) == sorted(person.member_id for person in world.branch_members if person != world.secretary)


@pytest.mark.parametrize("who", ["member", "minute_taker", "officer", "stranger"])
async def test_who_sees_no_record_leaves_no_trace(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, who: str
) -> None:
    caller = signed_in(getattr(world, who))
    await caller.get(f"/v1/members/{world.away.member_id}")
    await caller.get(f"/v1/members/{getattr(world, who).member_id}")
    await caller.get(f"/v1/organisations/{world.branch_a}/members")
    assert await facts(database) == []
    assert await views_of(signed_in(world.away)) == []


async def test_what_the_caller_has_already_is_not_shown_again_nor_noted(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    url = f"/v1/members/{world.member.member_id}"
    etag = (await signed_in(world.secretary).get(url)).headers["etag"]
    clock.advance(days=1)
    assert (await signed_in(world.secretary).get(url, headers={"If-None-Match": etag})).status_code == 304
    assert len(await views_of(signed_in(world.member))) == 1


async def test_a_copy_for_the_phone_is_noted_once_a_day_for_whose_record_it_holds(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await tell_of_world(session)
        await session.commit()
    for person in (world.secretary, world.minute_taker, world.officer, world.away):
        answers = [await signed_in(person).get("/v1/changes?limit=200") for _ in range(2)]
        assert {answer.status_code for answer in answers} == {200}
    copied = {item["id"] for item in answers[0].json()["items"] if item["type"] == "member"}
    assert str(world.member.member_id) in copied  # by name alone: comrades leave no trace

    [seen] = await views_of(signed_in(world.member))
    assert (seen["viewer"]["member_id"], seen["what"]) == (str(world.secretary.member_id), "phone")
    assert await views_of(signed_in(world.secretary)) == []
    [fact] = await facts(database)
    assert (fact.code, fact.subject_id) == ("members.roster_viewed", world.branch_a)
    assert str(world.member.member_id) in fact.data["member_ids"]

    clock.advance(days=1)
    cursor = (await signed_in(world.secretary).get("/v1/changes?limit=200")).json()["next_cursor"]
    assert len(await views_of(signed_in(world.member))) == 2
    clock.advance(days=1)
    nothing_new = await signed_in(world.secretary).get("/v1/changes", params={"cursor": cursor})
    assert nothing_new.json()["items"] == []
    assert len(await views_of(signed_in(world.member))) == 2


async def test_the_list_of_views_is_read_page_by_page(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    for _ in range(3):
        await signed_in(world.secretary).get(f"/v1/members/{world.member.member_id}")
        clock.advance(days=1)
    member = signed_in(world.member)
    url: str | None = "/v1/me/record-views?limit=2"
    instants = []
    while url is not None:
        answer = await member.get(url)
        instants += [item["viewed_at"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        url = link.removeprefix("<").split(">")[0] if link else None
    assert instants == [f"2026-11-{day}T01:00:00Z" for day in (24, 23, 22)]


async def test_auditors_find_it_in_the_log(world: World, signed_in: SignedIn) -> None:
    await signed_in(world.secretary).get(f"/v1/members/{world.member.member_id}")
    log = (await signed_in(world.auditor).get(f"/v1/organisations/{world.branch_a}/activity")).json()["items"]
    assert (log[0]["type"], log[0]["actor_member_id"]) == ("members.record_viewed", str(world.secretary.member_id))
    own = (await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/activity")).json()["items"]
    assert "members.record_viewed" not in [entry["type"] for entry in own]

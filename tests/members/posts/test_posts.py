from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


def _post(person: Person, **changes: Any) -> dict[str, Any]:
    return {
        "member_id": str(person.member_id),
        "kind": "deputy_secretary",
        "starts_on": "2026-11-22",
        **changes,
    }


@pytest.mark.parametrize("who", ["member", "away", "secretary", "officer", "administrator"])
async def test_post_holders_are_listed_by_name(world: World, signed_in: SignedIn, who: str) -> None:
    caller = signed_in(getattr(world, who))
    answer = await caller.get(f"/v1/organisations/{world.branch_a}/posts")
    assert [(item["member"]["full_name"], item["kind"]) for item in answer.json()["items"]] == [
        ("Nguyễn Văn An", "secretary"),
        ("Trần Thị Bình", "minute_taker"),
    ]
    again = await caller.get(
        f"/v1/organisations/{world.branch_a}/posts", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_members_see_who_leads_above_them(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.stranger).get(f"/v1/organisations/{world.province}/posts?limit=1")
    assert [item["kind"] for item in answer.json()["items"]] == ["administrator"]
    second = await signed_in(world.stranger).get(answer.headers["link"].removeprefix("<").split(">")[0])
    assert [item["kind"] for item in second.json()["items"]] == ["auditor"]
    assert second.json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("who", "status"),
    [("auditor", 403), ("former", 401), ("stranger", 404), ("sister_secretary", 404)],
)
async def test_others_do_not_see_posts(world: World, signed_in: SignedIn, who: str, status: int) -> None:
    answer = await signed_in(getattr(world, who)).get(f"/v1/organisations/{world.branch_a}/posts")
    assert answer.status_code == status


async def test_post_gives_its_rights_at_once_and_takes_them_at_once(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    administrator, member = signed_in(world.administrator), signed_in(world.member)
    url = f"/v1/organisations/{world.branch_a}"
    for days in (0, 5):  # ended on its first day, and later
        granted = await administrator.post(f"{url}/posts", json=_post(world.member))
        assert granted.status_code == 201, granted.text
        assert granted.json()["member"] == {
            "member_id": str(world.member.member_id),
            "full_name": "Lê Văn Cường",
        }
        assert (await member.get(f"{url}/members?away=true")).status_code == 200
        clock.advance(days=days)
        administrator, member = signed_in(world.administrator), signed_in(world.member)
        for _ in range(2 if days else 1):
            ended = await administrator.delete(f"/v1/posts/{granted.json()['id']}")
            assert ended.status_code == 204, ended.text
        assert (await member.get(f"{url}/members?away=true")).status_code == 403


async def test_last_administrator_of_the_root_stays_until_somebody_else_is_one(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    administrator = signed_in(world.administrator)
    url = f"/v1/organisations/{world.province}/posts"
    own = (await administrator.get(url)).json()["items"][0]
    ahead = await administrator.post(
        url, json=_post(world.member, kind="administrator", starts_on="2026-11-23", ends_on="2026-11-24")
    )
    alone = await administrator.delete(f"/v1/posts/{own['id']}")
    assert (alone.status_code, alone.json()["code"]) == (409, "last_administrator")
    clock.advance(days=1)
    second = signed_in(world.member)
    assert (await second.delete(f"/v1/posts/{own['id']}")).status_code == 204
    assert (await signed_in(world.administrator).get("/v1/me")).json()["posts"] == []
    alone = await second.delete(f"/v1/posts/{ahead.json()['id']}")
    assert (alone.status_code, alone.json()["code"]) == (409, "last_administrator")
    clock.advance(days=5)
    assert (await signed_in(world.member).delete(f"/v1/posts/{ahead.json()['id']}")).status_code == 403


async def test_granting_and_ending_are_in_the_log(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    administrator = signed_in(world.administrator)
    granted = await administrator.post(f"/v1/organisations/{world.branch_a}/posts", json=_post(world.member))
    post_id = granted.json()["id"]
    await administrator.delete(f"/v1/posts/{post_id}")
    async with database.session() as session:
        codes = await session.scalars(text("SELECT code FROM events WHERE subject_id = :id"), {"id": post_id})
        changes = await session.execute(text("SELECT scope_id, op FROM changes WHERE object_id = :id"), {"id": post_id})
        assert set(codes) == {"members.post_granted", "members.post_ended"}
        assert set(changes.all()) == {(world.branch_a, "delete"), (world.member.member_id, "delete")}


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 403),
        ("away", 403),
        ("secretary", 403),
        ("officer", 403),
        ("auditor", 403),
        ("former", 401),
        ("stranger", 404),
        ("sister_secretary", 404),
    ],
)
async def test_only_administrators_give_and_end_posts(world: World, signed_in: SignedIn, who: str, status: int) -> None:
    granted = await signed_in(world.administrator).post(
        f"/v1/organisations/{world.branch_a}/posts", json=_post(world.phoneless)
    )
    caller = signed_in(getattr(world, who))
    given = await caller.post(f"/v1/organisations/{world.branch_a}/posts", json=_post(world.member))
    ended = await caller.delete(f"/v1/posts/{granted.json()['id']}")
    assert given.status_code == ended.status_code == status


async def test_anonymous_does_nothing_with_posts(world: World, client: AsyncClient) -> None:
    url = f"/v1/organisations/{world.branch_a}/posts"
    answers = [await client.get(url), await client.post(url, json=_post(world.member))]
    answers.append(await client.delete(f"/v1/posts/{uuid4()}"))
    assert [answer.status_code for answer in answers] == [401, 401, 401]


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("stranger", 409, "member_outside_organisation"),
        ("sister_member", 409, "member_outside_organisation"),
        ("former", 409, "former_member"),
        ("secretary", 409, "post_already_held"),
    ],
)
async def test_post_is_for_members_below(world: World, signed_in: SignedIn, who: str, status: int, code: str) -> None:
    answer = await signed_in(world.administrator).post(
        f"/v1/organisations/{world.branch_a}/posts", json=_post(getattr(world, who), kind="secretary")
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_unknown_member_and_unknown_post_are_not_found(world: World, signed_in: SignedIn) -> None:
    administrator = signed_in(world.administrator)
    given = await administrator.post(
        f"/v1/organisations/{world.branch_a}/posts", json=_post(world.member, member_id=str(uuid4()))
    )
    ended = await administrator.delete(f"/v1/posts/{uuid4()}")
    assert (given.status_code, given.json()["code"]) == (404, "member_not_found")
    assert (ended.status_code, ended.json()["code"]) == (404, "post_not_found")


async def test_post_ends_after_it_begins(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.administrator).post(
        f"/v1/organisations/{world.branch_a}/posts", json=_post(world.member, ends_on="2026-11-21")
    )
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
        "/ends_on",
        "ends_before_start",
    )


async def test_next_term_may_be_given_before_this_one_ends(world: World, signed_in: SignedIn) -> None:
    administrator = signed_in(world.administrator)
    url = f"/v1/organisations/{world.commune}/posts"
    first = await administrator.post(url, json=_post(world.member, ends_on="2026-12-31"))
    second = await administrator.post(url, json=_post(world.member, starts_on="2027-01-01"))
    between = await administrator.post(url, json=_post(world.member, starts_on="2026-12-31", ends_on="2027-01-01"))
    assert (first.status_code, second.status_code, between.status_code) == (201, 201, 409)

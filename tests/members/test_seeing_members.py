from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.members import add_standing, new_member
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
NAME = {"id", "version", "full_name", "organisation"}
RECORD = {"born_on", "sex", "card_number", "citizen_id", "phone", "admitted_on", "official_on"}


async def _enrolled(world: World, signed_in: SignedIn) -> dict[str, Any]:
    answer = await signed_in(world.secretary).post(f"/v1/organisations/{world.branch_a}/members", json=new_member())
    assert answer.status_code == 201, answer.text
    member: dict[str, Any] = answer.json()
    return member


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("member", set[str]()),
        ("away", set[str]()),
        ("probationary", set[str]()),
        ("officer", {"standings"}),
        ("minute_taker", {"standings"}),
        ("secretary", {"standings"} | RECORD),
        ("administrator", {"standings"} | RECORD),
    ],
)
async def test_each_sees_what_their_post_gives(world: World, signed_in: SignedIn, who: str, shown: set[str]) -> None:
    enrolled = await _enrolled(world, signed_in)
    answer = await signed_in(getattr(world, who)).get(f"/v1/members/{enrolled['id']}")
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert {name for name, value in seen.items() if value} == NAME | shown
    if shown >= RECORD:
        assert (seen["phone"], seen["citizen_id"]) == ("+84*****678", "********1234")


@pytest.mark.parametrize("who", ["stranger", "sister_member", "sister_secretary", "auditor"])
async def test_others_cannot_tell_that_there_is_a_member(world: World, signed_in: SignedIn, who: str) -> None:
    answer = await signed_in(getattr(world, who)).get(f"/v1/members/{world.member.member_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")


async def test_unknown_member_is_not_found(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.administrator).get(f"/v1/members/{uuid4()}")
    assert answer.json()["code"] == "member_not_found"


async def test_who_is_not_or_no_longer_a_member_sees_nobody(
    world: World, signed_in: SignedIn, client: AsyncClient
) -> None:
    for caller in (client, signed_in(world.former)):
        one = await caller.get(f"/v1/members/{world.member.member_id}")
        several = await caller.get(f"/v1/organisations/{world.branch_a}/members")
        assert one.status_code == several.status_code == 401


async def test_one_sees_the_whole_of_ones_own_record(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.away).get(f"/v1/members/{world.away.member_id}")
    own = answer.json()
    assert own["phone"] == world.away.phone
    assert own["born_on"] == "1970-01-01"
    assert own["away"]["place"] == "Berlin, CHLB Đức"
    assert own["organisation"] == {"id": str(world.branch_a), "name": "Chi bộ thôn Đông"}


@pytest.mark.parametrize(
    ("who", "known"), [("secretary", True), ("minute_taker", True), ("member", False), ("officer", False)]
)
async def test_organisers_see_who_is_away(world: World, signed_in: SignedIn, who: str, *, known: bool) -> None:
    answer = await signed_in(getattr(world, who)).get(f"/v1/members/{world.away.member_id}")
    assert (answer.json()["away"] is not None) is known


async def test_who_left_stays_visible_to_the_branch_but_out_of_the_list(world: World, signed_in: SignedIn) -> None:
    one = await signed_in(world.member).get(f"/v1/members/{world.former.member_id}")
    assert one.status_code == 200
    secretary = signed_in(world.secretary)
    listed = await secretary.get(f"/v1/organisations/{world.branch_a}/members")
    asked = await secretary.get(f"/v1/organisations/{world.branch_a}/members?standing=transferred")
    assert str(world.former.member_id) not in [item["id"] for item in listed.json()["items"]]
    assert [item["id"] for item in asked.json()["items"]] == [str(world.former.member_id)]


async def test_list_is_in_the_order_of_given_names_page_by_page(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    names: list[str] = []
    url: str | None = f"/v1/organisations/{world.branch_a}/members?limit=2"
    while url is not None:
        answer = await member.get(url)
        assert answer.status_code == 200, answer.text
        names += [item["full_name"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        url = link.removeprefix("<").split(">")[0] if link else None
    assert names == [
        "Nguyễn Văn An",
        "Trần Thị Bình",
        "Lê Văn Cường",
        "Phạm Thị Dung",
        "Hoàng Thị Én",
        "Đỗ Văn Phúc",
    ]


async def test_list_shows_comrades_by_name_and_oneself_in_full(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(f"/v1/organisations/{world.branch_a}/members")
    for item in answer.json()["items"]:
        own = item["id"] == str(world.member.member_id)
        assert (item["phone"] is not None) is own
        assert bool(item["standings"]) is own


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=cuong", {"Lê Văn Cường"}),
        ("q=VĂN", {"Nguyễn Văn An", "Lê Văn Cường", "Đỗ Văn Phúc"}),
        ("q=%25", set[str]()),
        ("standing=probationary", {"Hoàng Thị Én"}),
        ("away=true", {"Phạm Thị Dung"}),
        ("away=false&q=thi", {"Trần Thị Bình", "Hoàng Thị Én"}),
    ],
)
async def test_secretary_narrows_the_list(world: World, signed_in: SignedIn, query: str, names: set[str]) -> None:
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/members?{query}")
    assert {item["full_name"] for item in answer.json()["items"]} == names


async def test_ended_standing_is_not_todays(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    async with database.session() as session:
        await add_standing(
            session,
            world.member.member_id,
            world.branch_a,
            StandingKind.exempt,
            ends_on=date(2026, 11, 21),
        )
        await session.commit()
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/members?standing=exempt")
    assert answer.json()["items"] == []


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("member", "standing=official", 403),
        ("member", "away=true", 403),
        ("minute_taker", "away=true", 200),
        ("officer", "standing=official", 200),
        ("officer", "away=true", 403),
        ("officer", "", 200),
        ("administrator", "away=true", 200),
        ("auditor", "", 403),
        ("stranger", "", 404),
        ("sister_secretary", "", 404),
    ],
)
async def test_filter_tells_only_what_a_field_would(
    world: World, signed_in: SignedIn, who: str, query: str, status: int
) -> None:
    answer = await signed_in(getattr(world, who)).get(f"/v1/organisations/{world.branch_a}/members?{query}")
    assert answer.status_code == status


async def test_member_does_not_list_the_members_above(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.member).get(f"/v1/organisations/{world.commune}/members")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_for_your_post")


@pytest.mark.parametrize("query", ["q=", "q=a%00b", "standing=hero", "away=perhaps", "q=" + "a" * 101])
async def test_filter_that_means_nothing_is_refused(world: World, signed_in: SignedIn, query: str) -> None:
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/members?{query}")
    assert answer.status_code == 422


async def test_etag_follows_what_is_shown_not_only_the_version(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    url = f"/v1/members/{world.member.member_id}"
    home = (await secretary.get(url)).headers["etag"]
    assert (await secretary.get(url, headers={"If-None-Match": home})).status_code == 304
    away = {"starts_on": "2026-11-01", "place": "Bình Dương", "time_zone": "Asia/Ho_Chi_Minh"}
    await secretary.post(f"{url}/away-periods", json=away)
    assert (await secretary.get(url, headers={"If-None-Match": home})).status_code == 200

import asyncio
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text, update

from app.kernel.db import PooledDatabase
from app.members.duplicates.models import DistinctMembers
from app.members.models import Member, Post
from tests.factories.meetings import SignedIn
from tests.factories.members import new_member
from tests.factories.world import World
from tests.racing import waiting


@pytest.fixture
def secretary(people: World, client_of: SignedIn) -> AsyncClient:
    return client_of(people.secretary)


async def test_one_of_two_with_the_same_card_is_enrolled(people: World, secretary: AsyncClient) -> None:
    url = f"/v1/organisations/{people.branch_a}/members"
    answers = await asyncio.gather(*(secretary.post(url, json=new_member()) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_one_of_two_times_away_on_the_same_days_is_entered(people: World, secretary: AsyncClient) -> None:
    url = f"/v1/members/{people.member.member_id}/away-periods"
    body = {"starts_on": "2026-12-01", "place": "Tokyo", "time_zone": "Asia/Tokyo"}
    answers = await asyncio.gather(*(secretary.post(url, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_one_of_two_changes_to_the_same_version_is_made(people: World, secretary: AsyncClient) -> None:
    url = f"/v1/members/{people.member.member_id}"
    etag = (await secretary.get(url)).headers["etag"]
    answers = await asyncio.gather(
        *(secretary.patch(url, json={"born_on": f"1971-01-0{day}"}, headers={"If-Match": etag}) for day in range(1, 5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_one_of_two_nudges_at_once_is_sent(people: World, secretary: AsyncClient) -> None:
    url = f"/v1/members/{people.away.member_id}/nudges"
    answers = await asyncio.gather(*(secretary.post(url) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_of_proxy_contacts_named_at_once_one_stands(people: World, secretary: AsyncClient) -> None:
    url = f"/v1/members/{people.away.member_id}/proxy-contact"
    answers = await asyncio.gather(
        *(secretary.put(url, json={"full_name": name, "relation": "Anh"}) for name in ("Phạm Đông", "Phạm Tây"))
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await secretary.get(url)).json()["full_name"] in {"Phạm Đông", "Phạm Tây"}


async def test_time_away_that_meets_a_transfer_waits_for_it_and_is_entered_in_the_new_branch(
    live: PooledDatabase, people: World, secretary: AsyncClient
) -> None:
    url = f"/v1/members/{people.member.member_id}/away-periods"
    body = {"starts_on": "2026-12-01", "place": "Tokyo", "time_zone": "Asia/Tokyo"}
    async with live.session() as moving, live.session() as watcher:
        of_member = Member.id == people.member.member_id
        await moving.execute(update(Member).where(of_member).values(organisation_id=people.branch_b))
        entering = await waiting(watcher, secretary.post(url, json=body))
        assert not entering.done()
        await moving.commit()
    assert ((await entering).status_code, (await entering).json()["code"]) == (404, "member_not_found")


async def test_a_post_of_today_that_two_end_at_once_is_ended(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    administrator = client_of(people.administrator)
    body = {"member_id": str(people.member.member_id), "kind": "deputy_secretary", "starts_on": "2026-11-22"}
    granted = await administrator.post(f"/v1/organisations/{people.branch_a}/posts", json=body)
    assert granted.status_code == 201, granted.text
    post = granted.json()["id"]
    async with live.session() as holder, live.session() as watcher:
        await holder.execute(select(Post.id).where(Post.id == UUID(post)).with_for_update())
        first = await waiting(watcher, administrator.delete(f"/v1/posts/{post}"))
        second = await waiting(watcher, administrator.delete(f"/v1/posts/{post}"), after=1)
        assert not first.done()
    assert [(await task).status_code for task in (first, second)] == [204, 204]
    assert (await administrator.delete(f"/v1/posts/{post}")).status_code == 404


async def test_two_who_are_told_apart_while_that_is_taken_back_are_told_apart(
    live: PooledDatabase, people: World, client_of: SignedIn
) -> None:
    administrator = client_of(people.administrator)
    url = f"/v1/members/{people.member.member_id}/distinct-members/{people.sister_member.member_id}"
    for _ in range(2):
        assert (await administrator.put(url)).status_code == 200
    async with live.session() as holder, live.session() as watcher:
        await holder.execute(select(DistinctMembers.first_id).with_for_update())
        taken_back = await waiting(watcher, administrator.delete(url))
        said = await waiting(watcher, administrator.put(url), after=1)
        assert not taken_back.done()
    assert ((await taken_back).status_code, (await said).status_code) == (204, 200)
    async with live.session() as session:
        assert len((await session.scalars(select(DistinctMembers))).all()) == 1
        facts = await session.scalars(text("SELECT code FROM events WHERE code LIKE 'members.disti%' ORDER BY code"))
        assert [code.removeprefix("members.") for code in facts] == [
            "distinction_revoked",
            "distinguished",
            "distinguished",
        ]

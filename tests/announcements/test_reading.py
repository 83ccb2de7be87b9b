"""Whom an announcement addresses, what they did with it, and how far it has come."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text

from app.kernel.security import PostKind
from app.members.models import Post, StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import drafted, my_announcements, publish, published
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, inbox
from tests.factories.members import add_standing
from tests.factories.world import Person, World
from tests.worker import JobRunner

NAMES = (
    "secretary",
    "minute_taker",
    "member",
    "away",
    "probationary",
    "sister_secretary",
    "sister_member",
    "officer",
    "stranger",
    "administrator",
    "auditor",
)
BRANCH = {"secretary", "minute_taker", "member", "away", "probationary"}
COMMUNE = set(NAMES) - {"stranger"}


@pytest.fixture
async def guests(database: RolledBackDatabase, world: World) -> None:
    """The stranger is a guest of branch B; the sister member has become a mere candidate."""
    async with database.session() as session:
        await add_standing(session, world.stranger.member_id, world.branch_b, StandingKind.temporary_guest)
        await session.execute(
            text("UPDATE standings SET kind = 'candidate' WHERE member_id = :member"),
            {"member": world.sister_member.member_id},
        )
        await session.commit()


def _author(world: World, organisation_id: UUID) -> Person:
    return world.officer if organisation_id == world.commune else world.secretary


@pytest.mark.parametrize(
    ("to", "audience", "readers"),
    [
        ("branch_a", {}, BRANCH),
        ("commune", {}, COMMUNE),
        ("commune", {"part": "away"}, {"away"}),
        ("commune", {"part": "probationary"}, {"probationary"}),
        ("commune", {"part": "posts", "post_kinds": ["secretary"]}, {"secretary", "sister_secretary"}),
        (
            "commune",
            {"part": "posts", "post_kinds": ["minute_taker", "committee_officer"]},
            {"minute_taker", "officer"},
        ),
        # A post above the organisation that speaks is none of its own.
        ("commune", {"part": "posts", "post_kinds": ["administrator", "auditor"]}, set()),
        ("branch_a", {"part": "posts", "post_kinds": ["committee_officer", "secretary"]}, {"secretary"}),
    ],
    ids=["branch", "commune", "away", "probationary", "secretaries", "several", "above", "of-the-branch"],
)
async def test_list_inbox_phones_and_count_agree_on_whom_it_addresses(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    clock: FakeClock,
    to: str,
    audience: Json,
    readers: set[str],
) -> None:
    organisation_id: UUID = getattr(world, to)
    clock.advance(hours=5)  # nobody sleeps
    author = signed_in(_author(world, organisation_id))
    announcement_id = await published(author, organisation_id, audience=audience)
    await jobs.run()
    for name in NAMES:
        client = signed_in(getattr(world, name))
        seen = name in readers
        assert [one["id"] for one in await my_announcements(client)] == [announcement_id] * seen, name
        assert len(await inbox(client)) == seen, name
        status = (await client.put(f"/v1/announcements/{announcement_id}/opened")).status_code
        knows = name == "officer" or (to == "branch_a" and name in {"secretary", "minute_taker"})
        assert status == (200 if seen else 403 if knows else 404), name
    assert sorted(jobs.sender.tokens()) == sorted(getattr(world, name).push_token for name in readers)
    reach = (await author.get(f"/v1/announcements/{announcement_id}/reach")).json()
    everybody_has_a_phone_but_one = audience == {}
    assert reach["addressed_count"] == len(readers) + everybody_has_a_phone_but_one
    assert reach["on_a_phone_count"] == reach["opened_count"] == len(readers)


@pytest.mark.usefixtures("guests")
async def test_guest_is_addressed_and_candidate_is_not(world: World, signed_in: SignedIn, jobs: JobRunner) -> None:
    announcement_id = await published(signed_in(world.officer), world.commune)
    await jobs.run()
    assert len(await my_announcements(signed_in(world.stranger))) == len(await inbox(signed_in(world.stranger))) == 1
    assert world.stranger.push_token in jobs.sender.tokens()
    assert await my_announcements(signed_in(world.sister_member)) == await inbox(signed_in(world.sister_member)) == []
    hidden = await signed_in(world.sister_member).get(f"/v1/announcements/{announcement_id}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "announcement_not_found")
    own = await published(signed_in(world.secretary), world.branch_a)
    assert own not in [one["id"] for one in await my_announcements(signed_in(world.stranger))]


async def test_part_follows_the_day(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    """A list shows what is said to me today; the inbox keeps what I was told on its day."""
    audience = {"part": "posts", "post_kinds": ["deputy_secretary"]}
    await published(signed_in(world.secretary), world.branch_a, audience=audience)
    await jobs.run()
    async with database.session() as session:
        session.add(
            Post(
                id=session.new_id(),
                member_id=world.member.member_id,
                organisation_id=world.branch_a,
                kind=PostKind.deputy_secretary,
                starts_on=date(2026, 11, 23),
            )
        )
        await session.commit()
    assert await my_announcements(signed_in(world.member)) == []
    clock.advance(days=1)
    assert len(await my_announcements(signed_in(world.member))) == 1
    assert await inbox(signed_in(world.member)) == []


async def test_opened_and_acknowledged_are_mine_and_keep_their_first_time(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a)
    member, url = signed_in(world.member), f"/v1/announcements/{announcement_id}"
    first = await member.get(url)
    for _ in range(2):
        opened = await member.put(f"{url}/opened")
        assert (opened.status_code, opened.json()["opened_at"]) == (200, "2026-11-22T01:00:00Z")
        clock.advance(minutes=1)
    for _ in range(2):
        acknowledged = (await member.put(f"{url}/acknowledgement")).json()
        assert acknowledged["opened_at"] == "2026-11-22T01:00:00Z"
        assert acknowledged["acknowledged_at"] == "2026-11-22T01:02:00Z"
        clock.advance(minutes=1)
    assert (await member.get(url)).json() == acknowledged == (await my_announcements(member))[0]
    assert (await member.get(url, headers={"If-None-Match": first.headers["ETag"]})).status_code == 200
    unopened = signed_in(world.probationary)
    assert (await unopened.put(f"{url}/acknowledgement")).json()["opened_at"] == "2026-11-22T01:04:00Z"
    assert (await signed_in(world.away).get(url)).json()["opened_at"] is None
    async with database.session() as session:
        codes = await session.scalars(
            text("SELECT code FROM events WHERE actor_member_id = :member"), {"member": world.member.member_id}
        )
        assert sorted(codes) == ["announcements.acknowledged", "announcements.opened"]
        scopes = await session.scalars(text("SELECT scope_id FROM changes WHERE object_type = 'announcement'"))
        assert set(scopes) == {world.branch_a, world.member.member_id, world.probationary.member_id}


async def test_acknowledgement_that_is_not_asked_is_refused(world: World, signed_in: SignedIn) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a, needs_acknowledgement=False)
    refused = await signed_in(world.member).put(f"/v1/announcements/{announcement_id}/acknowledgement")
    assert (refused.status_code, refused.json()["code"]) == (409, "acknowledgement_not_asked")
    reach = (await signed_in(world.secretary).get(f"/v1/announcements/{announcement_id}/reach")).json()
    assert reach["not_acknowledged"] == []


async def test_author_of_a_draft_cannot_acknowledge_it(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    announcement_id = await drafted(secretary, world.branch_a)
    refused = await secretary.put(f"/v1/announcements/{announcement_id}/acknowledgement")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_addressed")


async def test_branch_learns_on_whose_door_to_knock_and_nobody_else_does(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    announcement_id = await published(signed_in(world.secretary), world.branch_a)
    url = f"/v1/announcements/{announcement_id}"
    for person in (world.member, world.away):
        assert (await signed_in(person).put(f"{url}/acknowledgement")).status_code == 200
    await signed_in(world.minute_taker).put(f"{url}/opened")
    async with database.session() as session:
        await session.execute(
            text("UPDATE accounts SET disabled_at = now() WHERE id = :id"), {"id": world.probationary.account_id}
        )
        await session.commit()
    counts = {
        "addressed_count": 6,
        "on_a_phone_count": 3,
        "waiting_count": 1,
        "failed_count": 0,
        "by_text_count": 0,
        "no_device_count": 2,
        "inbox_only_count": 0,
        "not_told_count": 0,
        "failures": [],
        "opened_count": 3,
        "acknowledged_count": 2,
    }
    for person in (world.secretary, world.minute_taker):
        reach = (await signed_in(person).get(f"{url}/reach")).json()
        names = [one["full_name"] for one in reach.pop("not_acknowledged")]
        assert [one["full_name"] for one in reach.pop("to_ring_up")] == ["Hoàng Thị Én", "Đỗ Văn Phúc"]
        assert reach == counts
        assert names == ["Nguyễn Văn An", "Trần Thị Bình", "Hoàng Thị Én", "Đỗ Văn Phúc"]
    above = (await signed_in(world.officer).get(f"{url}/reach")).json()
    assert above == {**counts, "not_acknowledged": [], "to_ring_up": []}
    refused = await signed_in(world.member).get(f"{url}/reach")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_your_post")

    wide = await published(signed_in(world.officer), world.commune)
    reach = (await signed_in(world.officer).get(f"/v1/announcements/{wide}/reach")).json()
    assert (reach["addressed_count"], reach["not_acknowledged"]) == (11, [])


async def test_who_left_is_neither_addressed_nor_counted(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await add_standing(session, world.minute_taker.member_id, world.branch_a, StandingKind.removed)
        # A transfer ends what was, not what began elsewhere.
        await add_standing(session, world.sister_member.member_id, world.branch_a, StandingKind.transferred)
        await session.commit()
    announcement_id = await published(signed_in(world.officer), world.commune)
    await jobs.run()
    tokens = jobs.sender.tokens()
    assert world.minute_taker.push_token not in tokens
    assert world.former.push_token not in tokens
    assert world.sister_member.push_token in tokens
    reach = (await signed_in(world.officer).get(f"/v1/announcements/{announcement_id}/reach")).json()
    assert reach["addressed_count"] == 10


async def test_officer_above_sees_what_is_published_below_and_no_draft(world: World, signed_in: SignedIn) -> None:
    secretary, officer = signed_in(world.secretary), signed_in(world.officer)
    draft = await drafted(secretary, world.branch_a)
    assert (await officer.get(f"/v1/announcements/{draft}/reach")).status_code == 404
    url = f"/v1/organisations/{world.branch_a}/announcements"
    assert (await officer.get(url)).json()["items"] == []
    await publish(secretary, draft)
    assert [one["id"] for one in (await officer.get(url)).json()["items"]] == [draft]
    assert await my_announcements(officer) == []
    assert (await signed_in(world.administrator).get(url)).json()["items"] == []

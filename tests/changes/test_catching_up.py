"""Catching up: what is told, to whom, and how often."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.changes.phones import Phone, fresh, named
from tests.factories import announcements, polls, resolutions
from tests.factories.clock import FakeClock
from tests.factories.files import PNG_DOT
from tests.factories.meetings import SignedIn, announced, drafted, put_meeting, took
from tests.factories.minutes import over
from tests.factories.rolls import begun, put_roll
from tests.factories.world import World
from tests.worker import JobRunner

pytestmark = pytest.mark.usefixtures("told")


@pytest.fixture
async def statements(engine: AsyncEngine) -> AsyncIterator[list[str]]:
    """What is asked of the database, but for the savepoints of the tests."""
    seen: list[str] = []

    def keep(_: Connection, __: object, statement: str, *___: object) -> None:
        if "SAVEPOINT" not in statement:
            seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", keep)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", keep)


async def test_the_first_start_tells_people_posts_organisations_and_what_happens(
    world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    meeting = await announced(secretary, world.branch_a)
    draft = await drafted(secretary, world.branch_a)

    phone = await fresh(member)

    assert set(phone.of("organisation")) == {str(world.province), str(world.commune), str(world.branch_a)}
    people = {str(person.member_id) for person in (*world.branch_members, world.former)}
    assert set(phone.of("member")) == people
    assert {post["kind"] for post in phone.of("post").values()} >= {"secretary", "minute_taker", "administrator"}
    assert set(phone.of("meeting")) == {meeting}
    assert named(phone, "delete") == set()
    assert set((await fresh(secretary)).of("meeting")) == {meeting, draft}


async def test_each_change_is_told_once_as_it_is_now(world: World, secretary: AsyncClient, member: AsyncClient) -> None:
    phone = await fresh(member)
    meeting = await announced(secretary, world.branch_a)
    await put_meeting(secretary, meeting, title="Sinh hoạt chuyên đề")

    told = await phone.catch_up(member)

    assert [(item["type"], item["op"], item["version"]) for item in told] == [("meeting", "upsert", 3)]
    assert told[0]["resource"] == (await member.get(f"/v1/meetings/{meeting}")).json()
    assert told[0]["scope_id"] == str(world.branch_a)
    assert await phone.catch_up(member) == []


async def test_nothing_new_is_found_without_looking_at_changes(
    member: AsyncClient, statements: list[str], secretary: AsyncClient, world: World
) -> None:
    phone = await fresh(member)
    statements.clear()

    assert await phone.catch_up(member) == []

    assert len(statements) <= 3
    assert not any("JOIN changes" in statement for statement in statements)
    await announced(secretary, world.branch_a)
    statements.clear()
    await phone.catch_up(member)
    assert any("JOIN changes" in statement for statement in statements)


async def test_a_page_of_many_objects_needs_few_statements(
    world: World, secretary: AsyncClient, member: AsyncClient, statements: list[str]
) -> None:
    await announced(secretary, world.branch_a)
    statements.clear()
    await fresh(member)
    of_one = len(statements)
    for _ in range(4):
        await announced(secretary, world.branch_a)
    statements.clear()

    assert len((await fresh(member)).of("meeting")) == 5
    assert len(statements) == of_one


@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_pages_of_any_size_tell_the_same(
    limit: int, world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    await announced(secretary, world.branch_a)
    phone = await fresh(member, limit=limit)

    assert phone.held == (await fresh(member)).held


async def test_what_changes_between_two_pages_is_told_as_it_is_in_the_end(
    world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    kept = await announced(secretary, world.branch_a)
    phone = Phone()
    assert await phone.ask_once(member, limit=5)
    await put_meeting(secretary, kept, title="Sinh hoạt dời phòng")
    late = await announced(secretary, world.branch_a)
    while await phone.ask_once(member, limit=5):
        pass

    assert phone.held == (await fresh(member)).held
    assert {kept, late} == set(phone.of("meeting"))


async def test_what_is_withdrawn_or_deleted_is_forgotten(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn
) -> None:
    officer = signed_in(world.officer)
    announcement = await announcements.published(officer, world.commune)
    resolution = await resolutions.opened(secretary, world.branch_a)
    comment = await resolutions.commented(member, resolution["id"])
    phone = await fresh(member)
    assert {("announcement", announcement), ("comment", comment["id"])} <= phone.held.keys()

    assert (await announcements.remove(officer, announcement)).status_code == 204
    assert (await member.delete(f"/v1/comments/{comment['id']}")).status_code == 204
    await phone.catch_up(member)

    assert named(phone, "delete") == {("announcement", announcement), ("comment", comment["id"])}
    assert phone.held == (await fresh(member)).held


async def test_nobody_hears_of_drafts_entries_and_times_away_that_are_not_for_them(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn
) -> None:
    phone, theirs = await fresh(member), await fresh(secretary)
    await resolutions.drafted(secretary, world.branch_a)
    entry = {"title": "Hiến đất", "body": "40 m²", "occurred_on": "2026-11-20"}
    assert (await signed_in(world.minute_taker).post("/v1/me/activity", json=entry)).status_code == 201
    away = {"starts_on": "2026-12-01", "place": "Berlin", "time_zone": "Europe/Berlin"}
    address = f"/v1/members/{world.phoneless.member_id}/away-periods"
    assert (await secretary.post(address, json=away)).status_code == 201

    await phone.catch_up(member)
    await theirs.catch_up(secretary)

    assert {kind for kind, _ in named(phone) | named(phone, "delete")} == {"member"}
    assert {kind for kind, _ in named(theirs)} == {"activity_entry", "away_period", "member", "resolution"}


async def test_nobody_hears_that_there_is_a_draft_or_a_paper_of_the_committee(
    world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    phone, theirs = await fresh(member), await fresh(secretary)
    await drafted(secretary, world.branch_a)
    await announcements.drafted(secretary, world.branch_a)
    files = {"file": ("mat.png", PNG_DOT, "image/png")}
    form = {"not_secret": "true", "visibility": "committee", "organisation_id": str(world.branch_a)}
    assert (await secretary.post("/v1/documents", data=form, files=files)).status_code == 201
    await phone.catch_up(member)
    await theirs.catch_up(secretary)

    assert named(phone) | named(phone, "delete") == set()
    assert {kind for kind, _ in named(theirs)} == {"announcement", "document", "meeting"}
    # What is none any more is heard of, and what was heard of is forgotten.
    [notice] = theirs.of("announcement")
    await announcements.publish(secretary, notice)
    await phone.catch_up(member)
    assert set(phone.of("announcement")) == {notice}
    assert (await announcements.remove(secretary, notice)).status_code == 204
    await phone.catch_up(member)
    assert set(phone.of("announcement")) == set()


async def test_minutes_reach_whom_they_are_shown_to(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    meeting = await over(world, signed_in, clock)
    secretary, away = signed_in(world.secretary), signed_in(world.away)
    assert set((await fresh(secretary)).of("minutes")) == {meeting}
    phone = await fresh(away)
    assert phone.of("minutes") == {}
    for step in ("send", "approve", "publish"):
        assert (await secretary.post(f"/v1/meetings/{meeting}/minutes/{step}")).status_code == 200

    await phone.catch_up(away)

    assert phone.of("minutes")[meeting] == (await away.get(f"/v1/meetings/{meeting}/minutes")).json()
    assert phone.of("roll")[meeting]["status"] == "published"


async def test_a_broad_notice_comes_as_one_of_the_inbox(
    world: World, member: AsyncClient, signed_in: SignedIn, jobs: JobRunner
) -> None:
    phone = await fresh(member)
    await announcements.published(signed_in(world.officer), world.commune)
    await jobs.run()

    await phone.catch_up(member)

    listed = (await member.get("/v1/me/notifications")).json()["items"]
    assert list(phone.of("notification").values()) == listed != []
    english = await Phone().catch_up(signed_in_english(member))
    assert {item["resource"]["title"] for item in english if item["type"] == "notification"} != {listed[0]["title"]}


def signed_in_english(client: AsyncClient) -> AsyncClient:
    client.headers["Accept-Language"] = "en"
    return client


async def test_a_cancelled_meeting_is_told_with_its_reason(
    world: World, secretary: AsyncClient, member: AsyncClient
) -> None:
    meeting = await announced(secretary, world.branch_a)
    phone = await fresh(member)
    await took(secretary, meeting, "cancel", {"reason": "Mưa bão"})

    await phone.catch_up(member)

    shown = phone.of("meeting")[meeting]
    assert (shown["status"], shown["reason"]) == ("cancelled", "Mưa bão")


async def test_what_shows_another_thing_is_told_with_it(
    world: World, secretary: AsyncClient, signed_in: SignedIn
) -> None:
    phone = Phone()

    async def told() -> set[tuple[str, str]]:
        await phone.catch_up(secretary)
        return named(phone)

    resolution = await resolutions.opened(secretary, world.branch_a)
    comment = await resolutions.commented(secretary, resolution["id"])
    await told()
    await resolutions.revised(secretary, resolution["id"])
    assert ("comment", comment["id"]) in await told()

    meeting = await begun(secretary, world.branch_a)
    await told()
    assert (await put_roll(secretary, meeting, (world.member, "present"))).status_code == 200
    assert {("roll", meeting), ("meeting", meeting)} <= await told()
    await took(secretary, meeting, "end")
    assert {("minutes", meeting), ("roll", meeting)} <= await told()
    due = {"title": "Thu đảng phí", "assignee_id": str(world.member.member_id), "due_on": "2026-12-25"}
    assert (await secretary.post(f"/v1/meetings/{meeting}/tasks", json=due)).status_code == 201
    assert ("minutes", meeting) in await told()
    drafted = await resolutions.drafted(secretary, world.branch_a, meeting_id=meeting)
    await resolutions.took(secretary, drafted["id"], "open", {"comments_until": resolutions.COMMENTS_UNTIL})
    await resolutions.took(secretary, drafted["id"], "close")
    poll = await resolutions.polled(secretary, drafted["id"])
    await resolutions.voted(signed_in, world, poll, "for")
    assert ("minutes", meeting) in await told()
    await resolutions.took(secretary, drafted["id"], "adopt", {"poll_id": poll})
    assert ("minutes", meeting) in await told()

    meeting = await begun(secretary, world.branch_a)
    asked = await polls.post_poll(secretary, meeting)
    poll = (await polls.stepped(secretary, asked.json()["id"], "open"))["id"]
    await took(secretary, meeting, "end")
    await told()
    assert (await polls.cast(secretary, poll)).status_code == 200
    assert ("minutes", meeting) not in await told()  # they say how a vote went, not that it goes on
    await polls.stepped(secretary, poll, "close")
    assert ("minutes", meeting) in await told()

    administrator, officer = signed_in(world.administrator), signed_in(world.officer)
    above = await fresh(officer)
    address = f"/v1/organisations/{world.office}"
    etag = (await administrator.get(address)).headers["ETag"]
    assert (
        await administrator.patch(address, json={"name": "Chi bộ Cơ quan"}, headers={"If-Match": etag})
    ).status_code == 200
    await above.catch_up(officer)
    assert ("organisation", str(world.office)) in named(above)

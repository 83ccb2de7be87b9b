"""Catching up: what is told, to whom, how often, and when a phone has to start again."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import event, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from app.changes.service import SCOPES_A_ROUND
from app.identity.models import LoginSession
from app.kernel.db import commit
from app.kernel.scopes import Change, Op
from app.kernel.security import PostKind
from app.members.models import Member, Standing, StandingKind
from app.members.posts.models import Post
from app.worker import purge_changes
from tests.changes.phones import Phone, announce_world, ask, fresh
from tests.conftest import RolledBackDatabase
from tests.factories import announcements, polls, resolutions
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, drafted, put_meeting, said, took
from tests.factories.minutes import over
from tests.factories.rolls import begun, give_standing, put_roll
from tests.factories.world import Person, World
from tests.worker import JobRunner


@pytest.fixture(autouse=True)
async def _told(world: World, database: RolledBackDatabase) -> None:
    del world
    await announce_world(database)


@pytest.fixture
def member(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.member)


@pytest.fixture
def secretary(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.secretary)


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


def named(phone: Phone, op: str = "upsert") -> set[tuple[str, str]]:
    """What the last catching up told, of one kind."""
    return {(item["type"], item["id"]) for item in phone.told if item["op"] == op}


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


async def move(database: RolledBackDatabase, person: Person, branch: UUID) -> None:
    """A transfer, as rows: no command of this release makes one."""
    async with database.session() as session:
        await session.execute(update(Member).where(Member.id == person.member_id).values(organisation_id=branch))
        await session.execute(
            update(Standing).where(Standing.member_id == person.member_id).values(organisation_id=branch)
        )
        session.changes += [Change(scope, "member", person.member_id, 2) for scope in (branch, person.organisation_id)]
        await commit(session)


async def test_who_moves_to_another_branch_forgets_the_old_one_and_hears_of_the_new(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    old = await announced(secretary, world.branch_a)
    new = await announced(signed_in(world.sister_secretary), world.branch_b)
    phone = await fresh(member)
    assert set(phone.of("meeting")) == {old}

    await move(database, world.member, world.branch_b)
    await phone.catch_up(member)

    assert named(phone, "drop_scope") == {("scope", str(world.branch_a))}
    assert set(phone.of("meeting")) == {new}
    assert phone.held == (await fresh(member)).held
    assert {"Chi bộ thôn Đoài"} == {one["organisation"]["name"] for one in phone.of("member").values()}


async def test_moving_within_a_first_start_leaves_nothing_of_the_old_branch(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    await announced(secretary, world.branch_a)
    phone = Phone()
    assert await phone.ask_once(member, limit=5)

    await move(database, world.member, world.branch_b)
    while await phone.ask_once(member, limit=5):
        pass

    assert phone.held == (await fresh(member)).held


async def test_a_guest_hears_of_the_branch_from_the_first_day_to_the_last(
    world: World, signed_in: SignedIn, secretary: AsyncClient, database: RolledBackDatabase
) -> None:
    guest = signed_in(world.stranger)
    meeting = await announced(secretary, world.branch_a)
    notice = await announcements.published(signed_in(world.officer), world.commune)
    phone = await fresh(guest)
    assert phone.of("meeting") == {}

    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    await phone.catch_up(guest)
    assert set(phone.of("meeting")) == {meeting}
    assert notice in phone.of("announcement")
    assert (await said(guest, meeting, "attending")).status_code == 200
    await phone.catch_up(guest)
    assert phone.of("meeting")[meeting]["my_reply"]["reply"] == "attending"

    async with database.session() as session:
        mine = (Standing.member_id == world.stranger.member_id, Standing.kind == StandingKind.temporary_guest)
        await session.execute(update(Standing).where(*mine).values(ends_on=date(2026, 11, 1)))
        await session.commit()
    await phone.catch_up(guest)
    assert named(phone, "drop_scope") == {("scope", str(world.branch_a)), ("scope", str(world.commune))}
    assert phone.of("meeting") == {}
    assert phone.held == (await fresh(guest)).held


async def test_who_is_given_a_post_hears_of_drafts_and_who_loses_it_forgets_them(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    draft = await drafted(secretary, world.branch_a)
    written = await resolutions.drafted(secretary, world.branch_a)
    phone = await fresh(member)
    async with database.session() as session:
        post = Post(
            id=uuid4(),
            member_id=world.member.member_id,
            organisation_id=world.branch_a,
            kind=PostKind.deputy_secretary,
            starts_on=date(2026, 1, 1),
        )
        session.add(post)
        await session.commit()

    await phone.catch_up(member)
    assert set(phone.of("meeting")) == {draft}
    assert set(phone.of("resolution")) == {written["id"]}

    async with database.session() as session:
        await session.execute(update(Post).where(Post.id == post.id).values(ends_on=date(2026, 11, 1)))
        await session.commit()
    await phone.catch_up(member)
    assert (phone.of("meeting"), phone.of("resolution")) == ({}, {})
    assert phone.held == (await fresh(member)).held


async def test_a_committee_member_of_another_branch_follows_the_committee(
    world: World, secretary: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    sister = signed_in(world.sister_member)
    meeting = await announced(secretary, world.branch_a, kind="committee")
    phone = await fresh(sister)
    async with database.session() as session:
        session.add(
            Post(
                id=uuid4(),
                member_id=world.sister_member.member_id,
                organisation_id=world.branch_a,
                kind=PostKind.committee_member,
                starts_on=date(2026, 1, 1),
            )
        )
        await session.commit()

    await phone.catch_up(sister)

    assert set(phone.of("meeting")) == {meeting}


async def test_an_officer_follows_their_organisation_and_not_the_branches_below(
    world: World, secretary: AsyncClient, signed_in: SignedIn
) -> None:
    officer = signed_in(world.officer)
    await announced(secretary, world.branch_a)
    draft = await announcements.drafted(officer, world.commune)

    phone = await fresh(officer)

    assert phone.of("meeting") == {}
    assert set(phone.of("announcement")) == {draft}


async def test_a_cursor_that_is_not_ones_own_is_refused(member: AsyncClient, signed_in: SignedIn, world: World) -> None:
    cursor = (await fresh(member)).cursor
    for client, given in ((signed_in(world.away), cursor), (member, f"{cursor}A"), (member, "0"), (member, "é")):
        answer = await ask(client, given)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize("limit", [0, 201, -1])
async def test_limit_out_of_range_is_refused(limit: int, member: AsyncClient) -> None:
    assert (await ask(member, limit=limit)).status_code == 422


async def refused(client: AsyncClient, phone: Phone) -> bool:
    """Whether the phone has to start again."""
    answer = await ask(client, phone.cursor)
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer.json()["code"]) == (410, "sync_cursor_expired")
    return True


async def test_a_cursor_of_another_epoch_or_from_the_future_has_expired(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    phone = await fresh(member)
    async with database.session() as session:
        await session.execute(text("UPDATE scopes SET counter = counter - 1 WHERE id = :id"), {"id": world.branch_a})
        await session.commit()
    assert await refused(member, phone)

    await announced(secretary, world.branch_a)
    phone = await fresh(member)
    assert not await refused(member, phone)
    async with database.session() as session:
        await session.execute(text("INSERT INTO sync_epochs DEFAULT VALUES"))
        await session.commit()
    assert await refused(member, phone)
    assert not await refused(member, await fresh(member))


async def test_deletions_are_forgotten_after_180_days_and_who_missed_them_starts_again(
    world: World,
    secretary: AsyncClient,
    signed_in: SignedIn,
    database: RolledBackDatabase,
    jobs: JobRunner,
    clock: FakeClock,
) -> None:
    async with database.session() as session:
        await session.execute(update(LoginSession).values(expires_at=clock() + timedelta(days=200)))
        await session.commit()
    resolution = await resolutions.opened(secretary, world.branch_a)
    comment = await resolutions.commented(secretary, resolution["id"])
    early = await fresh(secretary)
    assert (await secretary.delete(f"/v1/comments/{comment['id']}")).status_code == 204
    late = await fresh(secretary)
    clock.advance(days=180)
    await purge_changes(jobs.office, 0)
    secretary = signed_in(world.secretary)
    late_enough = Phone(early.cursor, dict(early.held), dict(early.scopes))
    await late_enough.catch_up(secretary)
    assert ("comment", comment["id"]) not in late_enough.held

    clock.advance(minutes=1)
    await purge_changes(jobs.office, 0)

    secretary = signed_in(world.secretary)
    assert await refused(secretary, early)
    assert not await refused(secretary, late)
    assert ("comment", comment["id"]) not in (await fresh(secretary)).held


async def test_many_scopes_are_purged_in_rounds(
    database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    async with database.session() as session:
        for number in range(SCOPES_A_ROUND + 1):
            session.changes.append(Change(UUID(int=number), "meeting", UUID(int=1), 1, Op.delete))
        await commit(session)
    clock.advance(days=181)

    await purge_changes(jobs.office, 0)

    async with database.session() as session:
        left = await session.scalar(text("SELECT count(*) FROM changes WHERE op = 'delete'"))
        floors = await session.scalars(text("SELECT floor FROM scopes WHERE id < :id"), {"id": UUID(int=1000)})
        assert left == 0
        assert set(floors) == {1}


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
    assert ("minutes", meeting) not in await told()  # not the meeting's own vote
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

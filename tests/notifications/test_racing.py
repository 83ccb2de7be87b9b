"""Workers that tell of several things at once, and a member who has seen only some of them."""

from uuid import UUID

from sqlalchemy import select, text

from app.kernel.db import PooledDatabase, Session, commit, transaction
from app.notices import NOTICES
from app.notifications.service import expand
from app.organisations.models import Organisation
from tests.factories.clock import FakeClock, OneClockDatabase
from tests.factories.meetings import SignedIn, announced, inbox
from tests.factories.world import World
from tests.racing import waiting
from tests.worker import JobRunner


async def _facts(session: Session) -> list[UUID]:
    found = await session.scalars(text("SELECT id FROM events WHERE code = 'meetings.announced' ORDER BY id"))
    return list(found)


async def test_what_is_committed_after_the_notice_that_was_seen_is_not_marked_with_it(
    live: PooledDatabase, people: World, client_of: SignedIn, clock: FakeClock
) -> None:
    secretary, member = client_of(people.secretary), client_of(people.member)
    for title in ("sớm", "chậm", "nhanh", "sau"):
        await announced(secretary, people.branch_a, title=title)
        clock.advance(seconds=1)

    async def unread() -> list[str]:
        return [entry["title"].rsplit(": ")[-1] for entry in await inbox(member) if entry["read_at"] is None]

    async with live.session() as slow:
        early, late, quick, last = await _facts(slow)
        async with transaction(live) as session:
            await expand(session, early, notices=NOTICES)
        clock.advance(seconds=1)
        slow.moment = clock()
        await expand(slow, late, notices=NOTICES)
        clock.advance(seconds=1)
        async with transaction(live) as session:
            await expand(session, quick, notices=NOTICES)
        assert await unread() == ["nhanh", "sớm"]
        page = (await member.get("/v1/me/notifications?limit=1")).json()
        (seen,) = page["items"]
        await commit(slow)
    # Who turns the page meets it, and so does who begins anew.
    following = await member.get("/v1/me/notifications", params={"limit": 1, "cursor": page["next_cursor"]})
    assert [entry["title"] for entry in following.json()["items"]] == ["Lịch sinh hoạt: chậm"]
    assert await unread() == ["nhanh", "chậm", "sớm"]

    marked = await member.post("/v1/me/notifications/mark-read", json={"through": seen["id"]})
    assert marked.status_code == 204
    assert await unread() == ["chậm"]

    clock.advance(seconds=1)
    async with transaction(live) as session:
        await expand(session, last, notices=NOTICES)
    newest = (await inbox(member))[0]["id"]
    assert (await member.post("/v1/me/notifications/mark-read", json={"through": newest})).status_code == 204
    assert await unread() == []


async def test_a_notice_that_waited_for_a_reorganisation_is_of_the_moment_when_it_goes_on(
    live: PooledDatabase, live_database_url: str, people: World, client_of: SignedIn, clock: FakeClock
) -> None:
    await announced(client_of(people.secretary), people.branch_a)
    worker = OneClockDatabase(live_database_url, clock=clock, pool_size=2, statement_timeout_ms=10_000)
    async with live.session() as reorganising, live.session() as watcher:
        row = select(Organisation.id).where(Organisation.id == people.branch_a)
        await reorganising.execute(row.with_for_update())
        telling = await waiting(watcher, JobRunner(worker, clock).run_one())
        assert not telling.done()
        clock.advance(minutes=5)
    assert await telling
    await worker.close()
    (entry,) = await inbox(client_of(people.member))
    assert entry["created_at"] == "2026-11-22T01:05:00Z"
    assert UUID(entry["id"]).int >> 80 == int(clock().timestamp() * 1000)

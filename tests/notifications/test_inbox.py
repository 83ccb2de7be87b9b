from uuid import uuid4

from httpx import AsyncClient
from sqlalchemy import text

from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, inbox
from tests.factories.world import World
from tests.worker import JobRunner


async def _with_notices(world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, count: int) -> None:
    for number in range(1, count + 1):
        await announced(signed_in(world.secretary), world.branch_a, title=f"số {number}")
        await jobs.run()
        clock.advance(seconds=1)


async def _unread(client: AsyncClient) -> list[str]:
    return [entry["title"].rsplit(": ")[-1] for entry in await inbox(client) if entry["read_at"] is None]


async def test_inbox_comes_newest_first_in_pages(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _with_notices(world, signed_in, jobs, clock, 5)
    member, titles, url, pages = signed_in(world.member), [], "/v1/me/notifications?limit=2", 0
    while url:
        page = await member.get(url)
        assert page.status_code == 200, page.text
        titles += [item["title"] for item in page.json()["items"]]
        pages += 1
        url = page.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert pages == 3
    assert titles == [f"Lịch sinh hoạt: số {number}" for number in (5, 4, 3, 2, 1)]
    bad = await member.get("/v1/me/notifications?cursor=x")
    assert (bad.status_code, bad.json()["code"]) == (400, "cursor_invalid")


async def test_inbox_is_not_sent_twice_until_it_changes(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _with_notices(world, signed_in, jobs, clock, 1)
    member = signed_in(world.member)
    first = await member.get("/v1/me/notifications")
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await member.get("/v1/me/notifications", headers=known)).status_code == 304
    english = await member.get("/v1/me/notifications", headers=known | {"Accept-Language": "en"})
    assert english.status_code == 200
    await member.put(f"/v1/me/notifications/{first.json()['items'][0]['id']}/read")
    assert (await member.get("/v1/me/notifications", headers=known)).status_code == 200


async def test_reading_one_marks_that_one_and_again_changes_nothing(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _with_notices(world, signed_in, jobs, clock, 3)
    member = signed_in(world.member)
    middle = (await inbox(member))[1]["id"]

    async def counter() -> int:
        async with database.session() as session:
            found = await session.scalar(
                text("SELECT counter FROM scopes WHERE id = :id"), {"id": world.member.member_id}
            )
            return int(found or 0)

    before = await counter()
    for _ in range(2):
        read = await member.put(f"/v1/me/notifications/{middle}/read")
        assert (read.status_code, read.content) == (204, b"")
        assert await counter() == before + 1
        clock.advance(seconds=5)
    assert [entry["read_at"] for entry in await inbox(member)] == [None, "2026-11-22T01:00:03Z", None]
    assert await _unread(signed_in(world.probationary)) == ["số 3", "số 2", "số 1"]


async def test_marking_reads_a_notice_and_all_older_ones(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    await _with_notices(world, signed_in, jobs, clock, 3)
    member = signed_in(world.member)
    newest, middle, oldest = (entry["id"] for entry in await inbox(member))
    await member.put(f"/v1/me/notifications/{oldest}/read")
    clock.advance(seconds=5)
    marked = await member.post("/v1/me/notifications/mark-read", json={"through": middle})
    assert marked.status_code == 204
    assert await _unread(member) == ["số 3"]
    # What was read before keeps its time.
    assert [entry["read_at"] for entry in await inbox(member)][1:] == ["2026-11-22T01:00:08Z", "2026-11-22T01:00:03Z"]
    assert len(await _unread(signed_in(world.probationary))) == 3
    assert (await member.post("/v1/me/notifications/mark-read", json={"through": newest})).status_code == 204
    assert await _unread(member) == []
    async with database.session() as session:
        changed = await session.execute(
            text("SELECT object_id, version FROM changes WHERE scope_id = :id AND object_type = 'notification'"),
            {"id": world.member.member_id},
        )
        assert {(str(row.object_id), row.version) for row in changed} == {
            (newest, 2),
            (middle, 2),
            (oldest, 2),
        }


async def test_notice_of_another_is_not_found(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _with_notices(world, signed_in, jobs, clock, 1)
    (entry,) = await inbox(signed_in(world.member))
    stranger = signed_in(world.sister_member)
    for identifier in (entry["id"], str(uuid4())):
        read = await stranger.put(f"/v1/me/notifications/{identifier}/read")
        assert (read.status_code, read.json()["code"]) == (404, "notification_not_found")
        marked = await stranger.post("/v1/me/notifications/mark-read", json={"through": identifier})
        assert (marked.status_code, marked.json()["code"]) == (404, "notification_not_found")
    assert await _unread(signed_in(world.member)) == ["số 1"]


async def test_marking_without_saying_how_far_is_refused(world: World, signed_in: SignedIn) -> None:
    for body in ({}, {"through": "x"}, {"through": None}, {"through": str(uuid4()), "all": True}):
        refused = await signed_in(world.member).post("/v1/me/notifications/mark-read", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "fields_not_valid"), body


async def test_nobody_signed_in_has_no_inbox(client: AsyncClient) -> None:
    for verb, path in (
        ("GET", "notifications"),
        ("PUT", f"notifications/{uuid4()}/read"),
        ("POST", "notifications/mark-read"),
        ("GET", "notification-preferences"),
        ("PUT", "notification-preferences"),
    ):
        answer = await client.request(verb, f"/v1/me/{path}", json={})
        assert answer.status_code == 401, path


async def test_texts_follow_the_readers_language_and_vietnamese_in_doubt(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    await _with_notices(world, signed_in, jobs, clock, 1)
    for wish, title in (
        ("en-GB,vi;q=0.5", "Meeting called: số 1"),
        ("vi,en;q=0.9", "Lịch sinh hoạt: số 1"),
        ("fr", "Lịch sinh hoạt: số 1"),
    ):
        (entry,) = await inbox(signed_in(world.member), **{"Accept-Language": wish})
        assert entry["title"] == title
    (abroad,) = await inbox(signed_in(world.away), **{"Accept-Language": "en"})
    assert abroad["body"] == (
        "19:30 Friday, 04/12/2026 (13:30 Friday, Berlin time) at Nhà văn hóa thôn Đông, or online"
    )

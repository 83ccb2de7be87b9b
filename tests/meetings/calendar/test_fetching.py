"""The calendar address from its making to its end, and what its feed says of the meetings one is called to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from httpx import AsyncClient
from icalendar import Calendar, Event
from sqlalchemy import event, text
from structlog.testing import capture_logs

from app.identity.queries import find_actor
from app.kernel.db import PooledDatabase, transaction
from app.kernel.security import PostKind
from app.meetings.calendar.service import make_my_calendar
from app.members.models import Standing, StandingKind
from app.worker import TASKS
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn, announced, drafted, put_meeting, set_status, took
from tests.factories.reorganisations import done
from tests.factories.world import BERLIN, Maker, World, make_world
from tests.worker import JobRunner


async def made(client: AsyncClient) -> Json:
    answer = await client.post("/v1/me/calendar")
    assert answer.status_code == 201, answer.text
    view: Json = answer.json()
    return view


async def address(client: AsyncClient) -> str:
    return urlsplit((await made(client))["https_url"]).path


async def entries(client: AsyncClient, path: str) -> dict[str, Event]:
    """The events of a feed by their UID; the caller need not be signed in."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found = Calendar.from_ical(answer.content).walk("VEVENT")
    assert all(isinstance(one, Event) for one in found)
    return {str(one["UID"]): one for one in found if isinstance(one, Event)}


async def statement(database: RolledBackDatabase, sql: str, **values: Any) -> None:  # Any: bound values
    async with database.session() as session:
        await session.execute(text(sql), values)
        await session.commit()


async def test_address_is_shown_once_and_only_its_hash_is_kept(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    member = signed_in(world.member)
    none = {"exists": False, "created_at": None, "last_fetched_at": None}
    assert (await member.get("/v1/me/calendar")).json() == none
    view = await made(member)
    secret = view["https_url"].removeprefix("http://sotay.test/v1/calendars/").removesuffix(".ics")
    assert view["url"] == f"webcal://sotay.test/v1/calendars/{secret}.ics"
    assert len(secret) == 43
    assert view["created_at"] == "2026-11-22T01:00:00Z"
    assert (await member.get("/v1/me/calendar")).json() == none | {"exists": True, "created_at": view["created_at"]}
    async with database.session() as session:
        for table in ("calendar_feeds", "events", "procrastinate_jobs"):
            kept = await session.scalars(text(f"SELECT t::text FROM {table} AS t"))
            assert all(secret not in row and secret.encode().hex() not in row for row in kept), table


async def test_whoever_knows_the_address_reads_when_and_where_and_nothing_else(
    world: World, client: AsyncClient, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    meeting_id = await announced(secretary, world.branch_a)
    await announced(secretary, world.branch_a, ends_at=..., place=..., starts_at="2026-12-20T12:30:00Z")
    await drafted(secretary, world.branch_a, starts_at="2026-12-21T12:30:00Z", ends_at=...)
    answer = await client.get(await address(signed_in(world.member)))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    for hidden in ("thường kỳ", "Đánh giá", "hop.example.vn", "Chi bộ thôn", "Nguyễn", "Lê Văn"):
        assert hidden not in answer.text
    first, second = Calendar.from_ical(answer.content).walk("VEVENT")
    assert first["UID"] == f"{meeting_id}@sotay.test"
    assert (first["SUMMARY"], second["SUMMARY"]) == ("Sinh hoạt chi bộ", "Sinh hoạt chi bộ")
    assert first["LOCATION"] == "Nhà văn hóa thôn Đông / Họp trực tuyến"
    assert second["LOCATION"] == "Họp trực tuyến"
    assert first.decoded("DTEND") == datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
    # 90 minutes by the rules where no end is set.
    assert second.decoded("DTEND") - second.decoded("DTSTART") == timedelta(minutes=90)


async def test_feed_holds_the_meetings_of_my_list(
    world: World, client: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    async with database.session() as session:
        make = Maker(session)
        seat = await make.person("Cao Văn Sơn", world.branch_b, posts=((PostKind.committee_member, world.branch_a),))
        guest = await make.person("Vi Văn Tạo", world.far_branch)
        session.add(
            Standing(
                id=session.new_id(),
                member_id=guest.member_id,
                organisation_id=world.branch_a,
                kind=StandingKind.temporary_guest,
                starts_on=session.today(),
            )
        )
        await session.commit()
    secretary = signed_in(world.secretary)
    regular = await announced(secretary, world.branch_a)
    committee = await announced(secretary, world.branch_a, kind="committee")
    await announced(signed_in(world.sister_secretary), world.branch_b)
    clock.advance(minutes=1)
    for person in (world.member, world.secretary, world.away, world.stranger, world.officer, seat, guest):
        mine = signed_in(person)
        listed = {item["id"] for item in (await mine.get("/v1/me/meetings")).json()["items"]}
        shown = {uid.partition("@")[0] for uid in await entries(client, await address(mine))}
        assert shown == listed, person.full_name
        assert (regular in shown, committee in shown) == (
            person in (world.member, world.secretary, world.away, guest),
            person in (world.secretary, seat),
        )


async def test_moved_meeting_keeps_its_uid_and_counts_up_its_sequence(
    world: World, client: AsyncClient, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a, ends_at=..., time_zone=BERLIN)
    path = await address(signed_in(world.member))
    uid = f"{meeting_id}@sotay.test"
    before = (await entries(client, path))[uid]
    clock.advance(hours=2)
    await took(
        signed_in(world.secretary),
        meeting_id,
        "postpone",
        {"starts_at": "2027-04-02T12:30:00Z", "reason": "Mưa bão"},
    )
    after = (await entries(client, path))[uid]
    assert before["DTSTART"].to_ical() == b"20261204T133000"  # winter in Berlin
    assert after["DTSTART"].to_ical() == b"20270402T143000"  # summer
    assert after["DTSTART"].params["TZID"] == BERLIN
    assert after.decoded("DTSTART").astimezone(UTC) == datetime(2027, 4, 2, 12, 30, tzinfo=UTC)
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (1, 2)
    assert (before.decoded("LAST-MODIFIED"), after.decoded("LAST-MODIFIED")) == (
        datetime(2026, 11, 22, 1, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
    )
    assert after["STATUS"] == "CONFIRMED"


async def test_cancelled_meeting_stays_as_such_for_30_days(
    world: World, client: AsyncClient, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    clock.advance(days=2)
    path = await address(signed_in(world.member))
    later = {"starts_at": "2026-12-05T12:30:00Z", "reason": "Mưa bão"}
    await took(signed_in(world.secretary), meeting_id, "postpone", later)
    [event_before] = (await entries(client, path)).values()
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Mưa bão"})
    clock.advance(days=29, hours=23)
    [event_then] = (await entries(client, path)).values()
    assert (event_before["STATUS"], event_then["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert (event_before["SEQUENCE"], event_then["SEQUENCE"]) == (2, 3)  # a program keeps what counts higher
    assert event_then["UID"] == event_before["UID"]
    clock.advance(hours=1)
    assert await entries(client, path) == {}


async def test_meeting_that_was_called_off_with_its_branch_stays_as_such_however_long_ago_it_was_called(
    world: World, client: AsyncClient, signed_in: SignedIn, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a, starts_at="2027-01-04T12:30:00Z", ends_at=...)
    path = await address(signed_in(world.member))
    clock.advance(days=31)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b, meetings="cancel")
    [shown] = (await entries(client, path)).values()
    assert shown["STATUS"] == "CANCELLED"


async def test_feed_reaches_60_days_back_and_400_ahead(
    world: World, client: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    starts_at = datetime(2026, 12, 4, 12, 30, tzinfo=UTC)
    meeting_id = await announced(secretary, world.branch_a)
    path = await address(signed_in(world.member))
    far = (starts_at + timedelta(days=390)).isoformat()
    later = await announced(secretary, world.branch_a, starts_at=far, ends_at=...)
    assert {uid[:36] for uid in await entries(client, path)} == {meeting_id}
    clock.set(starts_at)
    await set_status(database, meeting_id, "published")
    assert {uid[:36] for uid in await entries(client, path)} == {meeting_id, later}
    clock.set(starts_at + timedelta(days=60))
    assert {uid[:36] for uid in await entries(client, path)} == {meeting_id, later}
    clock.advance(seconds=1)
    assert {uid[:36] for uid in await entries(client, path)} == {later}


async def test_feed_is_not_sent_twice_until_it_changed(
    world: World, client: AsyncClient, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    path = await address(signed_in(world.member))
    first = await client.get(path)
    clock.advance(hours=5)
    for known in (first.headers["ETag"], f'"x", W/{first.headers["ETag"]}', "*"):
        again = await client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control", "X-Robots-Tag"):
            assert again.headers[name] == first.headers[name]
    await put_meeting(signed_in(world.secretary), meeting_id, place="Hội trường xã; tầng 2, phòng họp")
    changed = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    [one] = Calendar.from_ical(changed.content).walk("VEVENT")
    assert one["LOCATION"] == "Hội trường xã; tầng 2, phòng họp / Họp trực tuyến"


async def test_fetch_is_noted_once_an_hour_also_when_nothing_is_sent(
    world: World, client: AsyncClient, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    path = await address(signed_in(world.member))
    async with database.session() as session:
        engine = (await session.connection()).engine.sync_engine
    written: list[str] = []

    def watch(*arguments: Any) -> None:  # Any: SQLAlchemy's own
        if arguments[2].startswith(("UPDATE", "INSERT", "DELETE")):
            written.append(arguments[2])

    event.listen(engine, "before_cursor_execute", watch)
    try:
        noted = []
        for minutes in (0, 59, 1, 59, 1):
            clock.advance(minutes=minutes)
            await client.get(path, headers={"If-None-Match": "*"})
            noted.append(len(written))
        await client.get("/v1/calendars/unknown.ics")
        assert noted == [1, 1, 2, 2, 3]
        assert len(written) == 3
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    state = (await signed_in(world.member).get("/v1/me/calendar")).json()
    assert state["last_fetched_at"] == "2026-11-22T03:00:00Z"


async def test_new_address_ends_the_one_before_and_revoking_ends_the_last(
    world: World, client: AsyncClient, signed_in: SignedIn
) -> None:
    member = signed_in(world.member)
    others = await address(signed_in(world.away))
    first, second = await address(member), await address(member)
    assert first != second
    refused = await client.get(first)
    assert (refused.status_code, refused.json()["code"]) == (410, "calendar_revoked")
    assert (await client.get(second)).status_code == 200
    for _ in range(2):  # again changes nothing
        assert (await member.delete("/v1/me/calendar")).status_code == 204
    assert (await client.get(second)).status_code == 410
    assert (await member.get("/v1/me/calendar")).json()["exists"] is False
    assert (await client.get(others)).status_code == 200
    assert (await client.get(await address(member))).status_code == 200


async def test_revoked_address_is_known_as_such_for_180_days(
    world: World, client: AsyncClient, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    [sweep] = [task for task in TASKS if task.name == "privacy.purge"]
    assert sweep.cron is not None
    kept = await address(signed_in(world.away))
    path = await address(signed_in(world.member))
    await signed_in(world.member).delete("/v1/me/calendar")
    for seconds, status in ((180 * 86_400 - 1, 410), (1, 404)):
        clock.advance(seconds=seconds)
        await sweep.run(jobs.office, 0)
        assert (await client.get(path)).status_code == status
    assert (await client.get(kept)).status_code == 200


async def test_address_of_nobody_any_more_is_answered_like_one_never_given(
    world: World, client: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    disabled, expelled = await address(signed_in(world.member)), await address(signed_in(world.away))
    await statement(database, "UPDATE accounts SET disabled_at = now() WHERE id = :id", id=world.member.account_id)
    await statement(database, "UPDATE standings SET kind = 'expelled' WHERE member_id = :id", id=world.away.member_id)
    never = "/v1/calendars/" + "x" * 43 + ".ics"
    answers = [await client.get(path, headers={"X-Request-Id": "a"}) for path in (disabled, expelled, never)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert answers[0].json()["code"] == "calendar_not_found"


@pytest.mark.parametrize("secret", ["%00", "%FF%FE", "..%2e", "x" * 5000, "%F0%9F%90%83", "a.ics", "'", "%0D%0A"])
async def test_whatever_stands_in_the_address_is_404(client: AsyncClient, secret: str) -> None:
    assert (await client.get(f"/v1/calendars/{secret}.ics")).status_code == 404


async def test_no_log_holds_the_secret(world: World, client: AsyncClient, signed_in: SignedIn) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        path = await address(signed_in(world.member))
        await client.get(path)
        await client.get(path.removesuffix(".ics"))
        await client.post(path)
        await signed_in(world.member).delete("/v1/me/calendar")
        await client.get(path)
    assert [line["status"] for line in lines] == [201, 200, 404, 405, 204, 410]
    assert lines[1]["route"] == "/v1/calendars/{secret}.ics"
    secret = path.rpartition("/")[2].removesuffix(".ics")
    assert secret not in str(lines)


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=5_000)
    yield database
    await database.close()


async def test_of_addresses_taken_at_once_the_last_one_holds(live: PooledDatabase) -> None:
    async with transaction(live) as session:
        member = (await make_world(session)).member

    async def take() -> None:
        async with transaction(live) as session:
            actor = await find_actor(session, session_id=member.session_id, account_id=member.account_id)
            assert actor is not None
            await make_my_calendar(session, actor, public_url="http://sotay.test")

    await asyncio.gather(*(take() for _ in range(4)))
    async with live.session() as session:
        feeds = text("SELECT count(*), count(*) FILTER (WHERE revoked_at IS NULL) AS open FROM calendar_feeds")
        assert tuple((await session.execute(feeds)).one()) == (4, 1)

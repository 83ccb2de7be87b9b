import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from httpx import AsyncClient
from sqlalchemy import NullPool, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.demo.cast import BERLIN, BRANCH_CODE, CAST, HANOI, PASSWORD, SYDNEY, is_current
from app.demo.seed import OtherDataFound, seed_demo
from app.documents.store import DocumentStore
from app.identity.models import Account, Device
from app.kernel.db import Database, PooledDatabase, Session, transaction
from app.kernel.models import EventRow
from app.kernel.passwords import Passwords
from app.kernel.phones import parse_phone
from app.kernel.push import QUIET_FROM, QUIET_UNTIL
from app.kernel.settings import Settings
from app.kernel.timezones import end_of_quiet_hours
from app.meetings.models import Meeting, MeetingStatus
from app.members.models import Member
from app.members.names import sort_key
from app.organisations.models import Organisation
from tests.conftest import cheap_passwords, database_of_its_own
from tests.factories.clock import FakeClock
from tests.worker import JobRunner

Seed = Callable[[], Awaitable[None]]
SignIn = Callable[[str], Awaitable[AsyncClient]]


@pytest.fixture(scope="session")
def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[AsyncEngine, Path]]:
    """A database with the demo in it and the directory of its documents: seeded once, since it takes seconds."""
    home = tmp_path_factory.mktemp("demo")
    store = DocumentStore.open(None, directory=Settings(data_dir=home).documents_dir)

    async def seeded(engine: AsyncEngine) -> None:
        async with Session(engine, clock=FakeClock(), expire_on_commit=False) as session:
            await seed_demo(session, passwords=cheap_passwords(), store=store)
            await session.commit()

    with database_of_its_own(request) as url:
        engine = create_async_engine(url, poolclass=NullPool)
        asyncio.run(seeded(engine))
        yield engine, home


@pytest.fixture
def seeded(demo: tuple[AsyncEngine, Path]) -> Path:
    """Asked for by a test that begins with the demo; the directory of its documents."""
    return demo[1]


@pytest.fixture
def engine(request: pytest.FixtureRequest, engine: AsyncEngine) -> AsyncEngine:
    if "seeded" not in request.fixturenames:
        return engine
    found: tuple[AsyncEngine, Path] = request.getfixturevalue("demo")
    return found[0]


@pytest.fixture
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    if "seeded" not in request.fixturenames:
        return settings
    return settings.model_copy(update={"data_dir": request.getfixturevalue("seeded")})


@pytest.fixture
def seed(database: Database, passwords: Passwords, settings: Settings) -> Seed:
    async def run() -> None:
        store = DocumentStore.open(None, directory=settings.documents_dir)
        async with transaction(database) as session:
            await seed_demo(session, passwords=passwords, store=store)

    return run


@pytest.fixture
def sign_in(client: AsyncClient) -> SignIn:
    async def with_demo_password(phone: str) -> AsyncClient:
        installation = {"installation_id": "00000000-0000-4000-8000-000000000001", "platform": "web"}
        answer = await client.post(
            "/v1/auth/login", json={"phone": phone, "password": PASSWORD, "installation": installation}
        )
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    return with_demo_password


async def items(caller: AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def count(database: Database, table: type[Any]) -> int:
    async with database.session() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def branch_id(database: Database) -> UUID:
    async with database.session() as session:
        return (await session.scalars(select(Organisation.id).where(Organisation.code == BRANCH_CODE))).one()


@pytest.mark.usefixtures("seeded")
async def test_branches_have_their_size_names_in_vietnamese_order_and_phones(database: Database) -> None:
    async with database.session() as session:
        counted = await session.execute(
            select(Organisation.name, func.count())
            .join(Member, Member.organisation_id == Organisation.id)
            .group_by(Organisation.name)
        )
        sizes = dict(counted.all())
        members = (await session.scalars(select(Member))).all()
        accounts = await session.scalar(select(func.count()).select_from(Account))
        devices = await session.scalar(select(func.count()).select_from(Device))
    assert sizes == {
        "Chi bộ thôn Đông": 24,
        "Chi bộ thôn Đoài": 17,
        "Chi bộ Văn phòng Đảng ủy": 7,
        "Chi bộ thôn Hạ": 9,
    }
    assert all(member.sort_key == sort_key(member.full_name) for member in members)
    assert all(parse_phone(member.phone) == member.phone for member in members if member.phone)
    assert [member.full_name for member in members if member.phone is None] == ["Đỗ Văn Phúc"]
    assert accounts == devices == len(members) - 1 - sum((19 // 7, 15 // 7, 3 // 7, 8 // 7))  # some phones only ring
    assert all(
        member.born_on and member.admitted_on and member.admitted_on.year - member.born_on.year >= 18
        for member in members
    )


@pytest.mark.usefixtures("seeded")
async def test_everybody_of_the_cast_signs_in_and_holds_their_post(sign_in: SignIn) -> None:
    for character in CAST:
        if character.phone is None:
            continue
        me = (await (await sign_in(character.phone)).get("/v1/me")).json()
        assert me["full_name"] == character.full_name
        assert [post["kind"] for post in me["posts"]] == ([character.post] if character.post else [])
        assert me["away"] is (character.time_zone != HANOI)
        assert me["time_zone"] == character.time_zone


@pytest.mark.usefixtures("seeded")
async def test_secretary_finds_a_meeting_to_start_and_minutes_to_approve(sign_in: SignIn, database: Database) -> None:
    branch = f"/v1/organisations/{await branch_id(database)}"

    secretary = await sign_in("+84900000001")
    last, announced, draft = await items(secretary, f"{branch}/meetings")
    assert announced["status"] == "announced"
    assert announced["starts_at"] == "2026-11-23T12:30:00Z"  # 19:30 in Hà Nội, the day after the clock's
    assert [item["minutes"] for item in announced["agenda"]] == [10, 15, 20, 25, 10, 10, None]
    assert "Lê Văn Cường" in announced["agenda"][-1]["body"]
    assert announced["warnings"] == []
    assert announced["place"]
    assert announced["online_url"]
    (report,) = announced["agenda"][2]["document_ids"]
    content = await secretary.get(f"/v1/documents/{report}/content")
    assert content.content.startswith(b"PK")
    assert (draft["status"], draft["starts_at"]) == ("draft", "2026-12-04T12:30:00Z")
    assert (last["status"], last["started_at"]) == ("ended", "2026-10-04T12:30:00Z")
    folders = await items(secretary, f"{branch}/document-folders")
    assert [folder["name"] for folder in folders] == ["Quy chế", "Tài liệu sinh hoạt"]
    roll = (await secretary.get(f"/v1/meetings/{last['id']}/roll")).json()
    counts = roll["counts"]
    assert (counts["present_online"], counts["excused"], counts["unexcused"], counts["not_taken"]) == (1, 1, 1, 0)
    minutes = (await secretary.get(f"/v1/meetings/{last['id']}/minutes")).json()
    assert minutes["status"] == "in_review"
    assert all(section["body"] for section in minutes["sections"])
    assert [poll["passed"] for poll in minutes["polls"]] == [True]
    (remark,) = await items(secretary, f"/v1/meetings/{last['id']}/minutes/remarks")
    assert (remark["author"]["full_name"], remark["taken"]) == ("Phạm Thị Dung", None)
    (waiting,) = await items(secretary, f"{branch}/activity-entries?status=submitted")
    assert waiting["member"]["full_name"] == "Lê Văn Cường"
    decided = (await secretary.post(f"/v1/meetings/{last['id']}/minutes/approve")).json()
    assert decided["number"] == "Số 01-BB/CB"


@pytest.mark.usefixtures("seeded")
async def test_members_find_a_poll_to_vote_in_and_a_draft_to_comment_on_the_officer_figures(
    sign_in: SignIn, database: Database
) -> None:
    branch = f"/v1/organisations/{await branch_id(database)}"

    member = await sign_in("+84900000003")
    assert [task["status"] for task in await items(member, "/v1/me/tasks")] == ["open"]
    (poll,) = await items(member, f"{branch}/polls?status=open")
    assert (poll["may_vote"], poll["my_ballot_cast"], poll["voted_count"]) == (True, False, 4)
    assert (await member.put(f"/v1/polls/{poll['id']}/ballot", json={"choice": "for"})).status_code == 200
    resolution, voted_on = await items(member, f"{branch}/resolutions")
    assert (resolution["status"], voted_on["status"]) == ("open", "closed")
    assert poll["subject_id"] == voted_on["id"]
    assert (resolution["version"], resolution["comment_count"]) == (2, 5)
    comments = await items(member, f"/v1/resolutions/{resolution['id']}/comments")
    assert [comment["support_count"] for comment in comments] == [2, 0, 0, 0, 0]
    assert [comment["answer"] is not None for comment in comments] == [True, False, False, False, False]
    told = await items(member, "/v1/me/announcements")
    assert [one["needs_acknowledgement"] for one in told] == [False, True]
    assert (await member.put(f"/v1/announcements/{told[1]['id']}/acknowledgement")).status_code == 200

    away = await sign_in("+84900000004")
    assert [one["my_ballot_cast"] for one in await items(away, f"{branch}/polls?status=open")] == [False]
    assert (await away.get("/v1/me")).json()["time_zone"] == BERLIN

    officer = await sign_in("+84900000021")
    last, _ = await items(officer, f"{branch}/meetings")
    assert (await officer.get(f"/v1/resolutions/{resolution['id']}")).status_code == 404
    assert (await officer.get(f"/v1/meetings/{last['id']}/minutes")).status_code == 404
    roll = (await officer.get(f"/v1/meetings/{last['id']}/roll")).json()
    assert (roll["entries"], roll["counts"]["present_online"]) == ([], 1)


async def test_only_what_is_new_today_rings_and_the_inbox_holds_the_weeks_before(
    seed: Seed, sign_in: SignIn, database: Database, clock: FakeClock, jobs: JobRunner
) -> None:
    clock.advance(hours=7)  # the afternoon in Hà Nội, morning in Berlin
    await seed()
    await jobs.run()
    assert {message.type for message, _ in jobs.sender.pushes} == {"meeting_announced", "poll_opened"}
    away = await sign_in("+84900000004")
    inbox = await items(away, "/v1/me/notifications")
    assert [item["type"] for item in inbox] == [
        "meeting_announced",
        "poll_opened",
        "announcement_published",
        "resolution_revised",
        "comment_answered",
        "announcement_published",
        "resolution_opened",
        "minutes_to_review",
        "resolution_opened",
        "meeting_announced",
    ]
    assert "giờ Berlin" in inbox[0]["body"]
    async with database.session() as session:  # the months before this one have no partition, and need none
        await session.execute(text("SELECT ensure_month_partitions(current_date, 4)"))


@pytest.mark.usefixtures("seeded")
async def test_announcement_reaches_the_phones_of_branch_a_alone(
    database: Database, clock: FakeClock, jobs: JobRunner
) -> None:
    await jobs.run()
    clock.advance(hours=6)  # morning in Berlin too
    await jobs.run()
    async with database.session() as session:
        tokens = (
            await session.scalars(
                select(Device.push_token)
                .join(Account, Account.id == Device.account_id)
                .join(Member, Member.id == Account.member_id)
                .where(Member.organisation_id == await branch_id(database))
            )
        ).all()
    assert sorted(jobs.sender.tokens("meeting_announced")) == sorted(token for token in tokens if token)


def test_no_hour_is_quiet_for_every_phone() -> None:
    begin = datetime(2027, 1, 1, tzinfo=UTC)
    zones = (HANOI, BERLIN, SYDNEY)
    for hours in range(365 * 24):
        now = begin + timedelta(hours=hours)
        quiet = [end_of_quiet_hours(now, zone, begins=QUIET_FROM, ends=QUIET_UNTIL) for zone in zones]
        assert None in quiet, now


@pytest.mark.usefixtures("seeded")
async def test_second_seeding_changes_nothing(seed: Seed, database: Database, clock: FakeClock) -> None:
    before = [await count(database, table) for table in (Member, Meeting, Account, EventRow)]
    clock.advance(hours=30)  # the next afternoon: the meeting is in the evening
    await seed()
    assert [await count(database, table) for table in (Member, Meeting, Account, EventRow)] == before


@pytest.mark.usefixtures("seeded")
async def test_days_later_a_new_meeting_is_called(seed: Seed, database: Database, clock: FakeClock) -> None:
    clock.advance(days=5)
    await seed()
    async with database.session() as session:
        meetings = (
            await session.scalars(
                select(Meeting).where(Meeting.status == MeetingStatus.announced).order_by(Meeting.starts_at)
            )
        ).all()
    assert [meeting.starts_at - meetings[0].starts_at for meeting in meetings] == [timedelta(), timedelta(days=5)]


@pytest.mark.usefixtures("world")
async def test_database_with_other_people_is_left_alone(seed: Seed, database: Database) -> None:
    before = await count(database, Member)
    with pytest.raises(OtherDataFound):
        await seed()
    assert await count(database, Member) == before


async def test_glance_before_a_second_start_tells_whether_seeding_is_due(
    live_database_url: str, passwords: Passwords, settings: Settings, clock: FakeClock
) -> None:
    store = DocumentStore.open(None, directory=settings.documents_dir)
    database = PooledDatabase(live_database_url, clock=clock, pool_size=1, statement_timeout_ms=10_000)

    def glance() -> bool:
        with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
            return is_current(connection, clock())

    assert not glance()
    async with transaction(database) as session:
        await seed_demo(session, passwords=passwords, store=store)
    assert glance()
    clock.advance(days=2)
    assert not glance()
    await database.close()

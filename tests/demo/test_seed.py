from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from app.demo.cast import BERLIN, BRANCH_CODE, CAST, HANOI, PASSWORD, SYDNEY, is_current
from app.demo.seed import OtherDataFound, seed_demo
from app.identity.models import Account, Device
from app.kernel.db import Database, PooledDatabase, transaction
from app.kernel.models import EventRow
from app.kernel.passwords import Passwords
from app.kernel.phones import parse_phone
from app.kernel.timezones import end_of_quiet_hours
from app.meetings.models import Meeting, MeetingStatus
from app.members.models import Member
from app.members.names import sort_key
from app.notifications.deliveries import QUIET_FROM, QUIET_UNTIL
from app.organisations.models import Organisation
from tests.factories.clock import FakeClock
from tests.worker import JobRunner

Seed = Callable[[], Awaitable[None]]
SignIn = Callable[[str], Awaitable[AsyncClient]]


@pytest.fixture
def seed(database: Database, passwords: Passwords) -> Seed:
    async def run() -> None:
        async with transaction(database) as session:
            await seed_demo(session, passwords=passwords)

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


async def count(database: Database, table: type[Any]) -> int:
    async with database.session() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def branch_id(database: Database) -> UUID:
    async with database.session() as session:
        return (await session.scalars(select(Organisation.id).where(Organisation.code == BRANCH_CODE))).one()


async def test_branches_have_their_size_and_names_in_vietnamese_order(seed: Seed, database: Database) -> None:
    await seed()
    async with database.session() as session:
        counted = await session.execute(
            select(Organisation.name, func.count())
            .join(Member, Member.organisation_id == Organisation.id)
            .group_by(Organisation.name)
        )
        sizes = dict(counted.all())
        members = (await session.scalars(select(Member))).all()
    assert sizes == {
        "Chi bộ thôn Đông": 24,
        "Chi bộ thôn Đoài": 17,
        "Chi bộ Văn phòng Đảng ủy": 7,
        "Chi bộ thôn Hạ": 9,
    }
    assert all(member.sort_key == sort_key(member.full_name) for member in members)
    assert all(parse_phone(member.phone) == member.phone for member in members if member.phone)
    assert all(
        member.born_on and member.admitted_on and member.admitted_on.year - member.born_on.year >= 18
        for member in members
    )


async def test_everybody_of_the_cast_signs_in_and_holds_their_post(seed: Seed, sign_in: SignIn) -> None:
    await seed()
    for character in CAST:
        if character.phone is None:
            continue
        me = (await (await sign_in(character.phone)).get("/v1/me")).json()
        assert me["full_name"] == character.full_name
        assert [post["kind"] for post in me["posts"]] == ([character.post] if character.post else [])
        assert me["away"] is (character.time_zone != HANOI)
        assert me["time_zone"] == character.time_zone


async def test_member_without_a_phone_has_no_account(seed: Seed, database: Database) -> None:
    await seed()
    async with database.session() as session:
        phoneless = (await session.scalars(select(Member.full_name).where(Member.phone.is_(None)))).all()
        accounts = await session.scalar(select(func.count()).select_from(Account))
        devices = await session.scalar(select(func.count()).select_from(Device))
    assert "Đỗ Văn Phúc" in phoneless
    assert accounts == devices == 24 + 17 + 7 + 9 - len(phoneless)


async def test_meeting_is_called_for_tomorrow_evening_and_next_months_is_a_draft(
    seed: Seed, sign_in: SignIn, database: Database
) -> None:
    await seed()
    secretary = await sign_in("+84900000001")
    answer = await secretary.get(f"/v1/organisations/{await branch_id(database)}/meetings")
    announced, draft = answer.json()["items"]
    assert announced["status"] == "announced"
    assert announced["starts_at"] == "2026-11-23T12:30:00Z"  # 19:30 in Hà Nội, the day after the clock's
    assert [item["position"] for item in announced["agenda"]] == [1, 2, 3, 4, 5, 6]
    assert sum(item["minutes"] for item in announced["agenda"]) == 90
    assert announced["place"]
    assert announced["online_url"]
    assert (draft["status"], draft["starts_at"]) == ("draft", "2026-12-04T12:30:00Z")


async def test_announcement_reaches_the_phones_of_branch_a_alone(
    seed: Seed, database: Database, clock: FakeClock, jobs: JobRunner
) -> None:
    await seed()
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


async def test_second_seeding_changes_nothing(seed: Seed, database: Database, clock: FakeClock) -> None:
    await seed()
    before = [await count(database, table) for table in (Member, Meeting, Account, EventRow)]
    clock.advance(hours=30)  # the next afternoon: the meeting is in the evening
    await seed()
    assert [await count(database, table) for table in (Member, Meeting, Account, EventRow)] == before


async def test_days_later_a_new_meeting_is_called(seed: Seed, database: Database, clock: FakeClock) -> None:
    await seed()
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
    live_database_url: str, passwords: Passwords, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=1, statement_timeout_ms=10_000)

    def glance() -> bool:
        with psycopg.connect(live_database_url.replace("+psycopg", "")) as connection:
            return is_current(connection, clock())

    assert not glance()
    async with transaction(database) as session:
        await seed_demo(session, passwords=passwords)
    assert glance()
    clock.advance(days=2)
    assert not glance()
    await database.close()

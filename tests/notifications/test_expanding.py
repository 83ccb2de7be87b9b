from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import NoResultFound

from app.identity.models import Device
from app.kernel.db import Session, transaction
from app.kernel.i18n import Locale
from app.kernel.push import Platform
from app.notices import NOTICES
from app.notifications.service import expand
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced
from tests.factories.world import Person, World
from tests.worker import JobRunner

DELIVER = "SELECT args FROM procrastinate_jobs WHERE task_name = 'notifications.deliver' ORDER BY id"


async def _add_devices(session: Session, person: Person, count: int, *, time_zone: str = "Asia/Ho_Chi_Minh") -> None:
    """Give a person many more devices, in one statement; ids fall anywhere."""
    await session.execute(
        text("""
            INSERT INTO devices (id, installation_id, account_id, platform, push_token, locale, time_zone, app_version,
                                 updated_at, created_at)
            SELECT gen_random_uuid(), gen_random_uuid(), :account, :platform, 'bulk-' || n, :locale, :zone, '1', now(),
                   now()
            FROM generate_series(1, :count) AS n
        """),
        {
            "account": person.account_id,
            "platform": Platform.android,
            "locale": Locale.vi,
            "zone": time_zone,
            "count": count,
        },
    )


async def _announcement(database: RolledBackDatabase) -> UUID:
    async with database.session() as session:
        found = await session.scalar(text("SELECT id FROM events WHERE code = 'meetings.announced'"))
        assert isinstance(found, UUID)
        return found


async def _expand(database: RolledBackDatabase, event_id: UUID) -> None:
    async with transaction(database) as session:
        await expand(session, event_id, notices=NOTICES)


async def test_fact_that_is_expanded_twice_makes_one_notice(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    event_id = await _announcement(database)
    for _ in range(2):
        await _expand(database, event_id)
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM notifications")) == 1
        assert await session.scalar(text("SELECT count(*) FROM inbox_entries")) == len(world.branch_members)
        assert len((await session.execute(text(DELIVER))).all()) == 1
    await jobs.run()  # the job that the announcement itself deferred is the third
    assert len(jobs.sender.tokens()) == len(set(jobs.sender.tokens()))


async def test_inbox_entry_counts_up_its_member(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await _expand(database, await _announcement(database))
    async with database.session() as session:
        rows = (await session.execute(text("SELECT * FROM changes WHERE object_type = 'notification'"))).all()
    assert {row.scope_id for row in rows} == {person.member_id for person in world.branch_members}
    assert {(row.counter, row.version, row.op) for row in rows} == {(1, 1, "upsert")}


async def test_fact_that_nobody_wrote_is_an_error(database: RolledBackDatabase) -> None:
    with pytest.raises(NoResultFound):
        await _expand(database, UUID(int=1))


@pytest.mark.parametrize(
    ("devices", "sizes"), [(498, [498]), (500, [500, 0]), (501, [500, 1]), (1203, [500, 500, 203])]
)
async def test_devices_are_cut_into_chunks_that_meet_and_never_overlap(
    world: World,
    signed_in: SignedIn,
    database: RolledBackDatabase,
    jobs: JobRunner,
    devices: int,
    sizes: list[int],
) -> None:
    async with database.session() as session:
        # One sleeps in Berlin: it stands in its chunk and is reached in its morning.
        await _add_devices(session, world.member, devices - 5)
        await _add_devices_of_others(session, world)
        await session.commit()
    await announced(signed_in(world.secretary), world.branch_a)
    await _expand(database, await _announcement(database))
    async with database.session() as session:
        chunks = [row.args for row in await session.execute(text(DELIVER))]
        ids = sorted(
            await session.scalars(
                text("""
                    SELECT devices.id FROM devices JOIN accounts ON accounts.id = account_id
                    JOIN members ON members.id = member_id WHERE members.organisation_id = :branch
                    AND accounts.id <> :former
                """),
                {"branch": world.branch_a, "former": world.former.account_id},
            )
        )
    assert len(ids) == devices
    assert [chunk["after"] for chunk in chunks] == [None, *(chunk["through"] for chunk in chunks[:-1])]
    assert chunks[-1]["through"] is None

    def within(chunk: dict[str, str | None], one: UUID) -> bool:
        after, through = chunk["after"], chunk["through"]
        return (after is None or one > UUID(after)) and (through is None or one <= UUID(through))

    assert [sum(within(chunk, one) for one in ids) for chunk in chunks] == sizes

    await jobs.run()
    async with database.session() as session:
        rows = await session.execute(text("SELECT outcome, count(*) AS times FROM deliveries GROUP BY outcome"))
        states: dict[str | None, int] = {row.outcome: row.times for row in rows}
    assert states == {"sent": devices - 1, None: 1}
    assert len(jobs.sender.tokens()) == len(set(jobs.sender.tokens())) == devices - 1


async def _add_devices_of_others(session: Session, world: World) -> None:
    """A phone of the sister branch lies between them, whatever its id."""
    device = Device(
        id=UUID(int=2**127),
        installation_id=UUID(int=1),
        account_id=world.sister_member.account_id,
        platform=Platform.web,
        push_token="theirs",
        locale=Locale.en,
        time_zone="UTC",
        app_version="1",
        device_name=None,
        updated_at=session.now(),
        created_at=session.now(),
    )
    session.add(device)
    await session.flush()


async def test_branch_without_a_phone_has_no_job(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    async with database.session() as session:
        await session.execute(text("UPDATE devices SET push_token = NULL"))
        await session.commit()
    assert await jobs.run() == 1
    async with database.session() as session:
        assert (await session.execute(text(DELIVER))).all() == []
        assert await session.scalar(text("SELECT count(*) FROM inbox_entries")) == len(world.branch_members)
    clock.advance(days=1)
    assert jobs.sender.tokens() == []

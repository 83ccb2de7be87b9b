"""The log in PostgreSQL: added to only, sealed behind the writers, examined; a person's details can be erased."""

from collections.abc import AsyncIterator
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.identity.events import RefreshTokenReused
from app.kernel.db import Session
from app.kernel.events import Event, forget_person, record, select_fact
from app.kernel.seals import Head, read_heads, seal_facts
from app.kernel.verifying import Fault, verify_log
from app.worker import seal_log
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.worker import JobRunner

EAST, WEST = UUID(int=1), UUID(int=2)
OWNER = UUID(int=7)


class LampLit(Event):
    """A fact of these tests only."""

    code = "test.lamp_lit"
    subject_type = "lamp"
    personal: ClassVar[frozenset[str]] = frozenset({"by_name"})

    watts: int
    by_name: str | None


def lit(organisation: UUID = EAST, *, watts: int = 40) -> LampLit:
    return LampLit(
        organisation_id=organisation, subject_id=uuid4(), actor_member_id=OWNER, watts=watts, by_name="Nguyễn Văn An"
    )


@pytest.fixture
async def session(database: RolledBackDatabase) -> AsyncIterator[Session]:
    async with database.session() as session:
        yield session


@pytest.fixture
async def anchored(session: Session) -> dict[str, Head]:
    """Six facts of two organisations, sealed."""
    for number in range(6):
        await record(session, lit(WEST if number % 2 else EAST, watts=number))
    assert await seal_facts(session) == 6
    return await read_heads(session)


async def faults(session: Session, anchored: dict[str, Head]) -> list[Fault]:
    return [each.fault for each in (await verify_log(session, anchored=anchored)).breaks]


async def test_every_fact_has_its_place_in_the_chain_of_its_organisation(
    session: Session, anchored: dict[str, Head]
) -> None:
    found = await verify_log(session, anchored=anchored)
    assert (found.breaks, found.facts, found.chains, found.unsealed) == ([], 6, 2, 0)
    assert {key: head.sequence for key, head in anchored.items()} == {str(EAST): 3, str(WEST): 3}
    await record(session, lit())
    assert (await verify_log(session, anchored=anchored)).unsealed == 1
    await seal_facts(session)
    assert (await read_heads(session))[str(EAST)].sequence == 4
    assert await faults(session, anchored) == []
    assert (await verify_log(session, organisation_id=WEST, anchored=anchored)).facts == 3


async def test_the_job_seals_whatever_waits_and_its_absence_is_noticed(
    database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    async with database.session() as session:
        await record(session, lit())
        await session.commit()
    clock.advance(hours=1)
    async with database.session() as session:
        found = await verify_log(session)
    assert (found.unsealed, found.is_sealing_late) == (1, True)
    await seal_log(jobs.office, 0)
    async with database.session() as session:
        found = await verify_log(session)
    assert (found.unsealed, found.is_sealing_late, found.facts) == (0, False, 1)


@pytest.mark.parametrize(
    "rewriting",
    [
        "UPDATE events SET code = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE events_other SET code = 'x'",
        "TRUNCATE events_2030_01",
        "DELETE FROM events_2030_01",
        "UPDATE event_seals SET sequence = sequence + 10",
        "DELETE FROM event_seals",
        "TRUNCATE event_seals",
        "DELETE FROM event_details",
        "TRUNCATE event_details",
        "UPDATE event_details SET data = '{}'",
        "UPDATE event_details SET salt = NULL, data = NULL, erased_at = now(), member_id = gen_random_uuid()",
    ],
)
async def test_nobody_rewrites_the_log(session: Session, clock: FakeClock, rewriting: str) -> None:
    await session.execute(text("SELECT ensure_month_partitions('2030-01-01', 1)"))
    for year in (2019, 2030):
        clock.set(clock().replace(year=year, month=1))
        session.moment = clock()
        await record(session, lit())
    await seal_facts(session)
    with pytest.raises(ProgrammingError, match="only added to"):
        await session.execute(text(rewriting))


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE events SET data = data || '{\"watts\": 9}' WHERE organisation_id = :east", Fault.fact_changed),
        ("UPDATE events SET occurred_at = occurred_at + interval '1 us' WHERE id = :second", Fault.fact_changed),
        ("UPDATE events SET organisation_id = :west WHERE id = :second", Fault.fact_changed),
        ("UPDATE event_seals SET link = sha256(link) WHERE event_id = :second", Fault.fact_changed),
        ("DELETE FROM events WHERE id = :second", Fault.fact_missing),
        ("DELETE FROM event_seals WHERE event_id = :second", Fault.gap),
        ("DELETE FROM event_seals WHERE organisation_id = :east AND sequence > 1", Fault.cut_off),
        ("DELETE FROM event_seals WHERE organisation_id = :east", Fault.cut_off),
        ('UPDATE event_details SET data = \'{"by_name": "B"}\' WHERE event_id = :second', Fault.details_changed),
        ("DELETE FROM event_details WHERE event_id = :second", Fault.fact_changed),
        ("UPDATE event_details SET data = NULL WHERE event_id = :second", Fault.details_vanished),
        (
            "UPDATE event_details SET data = NULL, salt = NULL, erased_at = now() WHERE event_id = :second",
            Fault.details_vanished,
        ),
        (
            "INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).*"  # noqa: ISC004
            " FROM events AS e WHERE id = :second",
            Fault.outside,
        ),
        ("INSERT INTO unsealed_events VALUES (gen_random_uuid())", Fault.vanished_unsealed),
    ],
)
async def test_what_somebody_above_the_triggers_does_is_found_out(
    session: Session, anchored: dict[str, Head], tampering: str, fault: Fault
) -> None:
    second = await session.scalar(
        text("SELECT event_id FROM event_seals WHERE organisation_id = :east AND sequence = 2"), {"east": EAST}
    )
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    values = {"east": EAST, "west": WEST, "second": second}
    await session.execute(text(tampering), {name: value for name, value in values.items() if f":{name}" in tampering})
    found = await verify_log(session, anchored=anchored)
    assert found.breaks[0].fault is fault
    if fault in {Fault.fact_changed, Fault.details_changed} and ":second" in tampering:
        assert (found.breaks[0].organisation_id, found.breaks[0].sequence) == (str(EAST), 2)


async def test_a_chain_made_anew_is_another_than_the_anchored_one(session: Session, anchored: dict[str, Head]) -> None:
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    await session.execute(
        text("UPDATE events SET code = 'test.lamp_stolen' WHERE organisation_id = :east"), {"east": EAST}
    )
    await session.execute(text("INSERT INTO unsealed_events SELECT event_id FROM event_seals"))
    await session.execute(text("DELETE FROM event_seals"))
    await seal_facts(session)
    assert (await verify_log(session)).breaks == []
    assert await faults(session, anchored) == [Fault.rewritten]


async def test_a_persons_details_are_erased_and_the_chain_still_holds(
    session: Session, anchored: dict[str, Head]
) -> None:
    fact = lit()
    event_id = await record(session, fact)
    stored = await session.scalar(text("SELECT data::text FROM events WHERE id = :id"), {"id": event_id})
    assert "Nguyễn" not in str(stored)
    assert LampLit.from_row((await session.execute(select_fact(event_id))).mappings().one()) == fact

    assert await forget_person(session, OWNER, organisation_id=EAST, by=None) == 7  # sealed or not
    assert await forget_person(session, OWNER, organisation_id=EAST, by=None) == 0
    await seal_facts(session)

    found = await verify_log(session, anchored=anchored)
    assert (found.breaks, found.erased, found.facts) == ([], 7, 8)
    read = LampLit.from_row((await session.execute(select_fact(event_id))).mappings().one())
    assert (read.by_name, read.watts) == (None, 40)
    assert (
        await session.scalar(text("SELECT count(*) FROM event_details WHERE data IS NOT NULL OR salt IS NOT NULL")) == 0
    )


async def test_the_name_of_a_device_is_kept_apart_and_is_its_owners(session: Session) -> None:
    reused = RefreshTokenReused(
        organisation_id=EAST, subject_id=uuid4(), actor_member_id=None, member_id=OWNER, device_name="Samsung A05"
    )
    event_id = await record(session, reused)
    row = (await session.execute(text("SELECT member_id, data FROM event_details"))).one()
    assert tuple(row) == (OWNER, {"device_name": "Samsung A05"})
    assert RefreshTokenReused.from_row((await session.execute(select_fact(event_id))).mappings().one()) == reused


async def test_the_api_writes_facts_and_can_do_no_more_to_the_log(session: Session) -> None:
    await session.execute(text("SET LOCAL ROLE sotay_app"))
    await record(session, lit())
    for refused in ("UPDATE events SET code = ''", "DELETE FROM events", "TRUNCATE events", "TABLE unsealed_events"):
        nested = await session.begin_nested()
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text(refused))
        await nested.rollback()
    await session.execute(text("RESET ROLE"))
    assert await seal_facts(session) == 1

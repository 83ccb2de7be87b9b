"""Sixteen writers and two sealers on a database that really commits."""

import asyncio
import random
from collections import defaultdict
from uuid import UUID, uuid4

from sqlalchemy import text

from app.kernel.db import PooledDatabase, transaction
from app.kernel.events import Event, record
from app.kernel.seals import read_heads, seal_facts
from app.kernel.verifying import verify_log
from tests.factories.clock import FakeClock

WRITERS, ROUNDS = 16, 12
ORGANISATIONS = [UUID(int=number) for number in range(1, 4)]


class LampLit(Event):
    """A fact of these tests only."""

    code = "test.lamp_lit"
    subject_type = "lamp"


async def test_chains_have_no_gap_and_miss_nothing_while_sixteen_write(
    live_database_url: str, clock: FakeClock
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=WRITERS + 3, statement_timeout_ms=20_000)
    written: dict[UUID, set[UUID]] = defaultdict(set)
    heads_seen = []
    writing = True

    async def write(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 repeatable chance, no secret
        for _ in range(ROUNDS):
            made: list[tuple[UUID, UUID]] = []
            async with database.session() as session:
                for organisation in chance.choices(ORGANISATIONS, k=chance.randint(1, 4)):
                    fact = LampLit(organisation_id=organisation, subject_id=uuid4(), actor_member_id=None)
                    made.append((organisation, await record(session, fact)))
                    await session.execute(text("SELECT pg_sleep(:s)"), {"s": chance.uniform(0, 0.004)})
                if chance.random() < 0.1:
                    continue  # rolled back: nothing of it is sealed
                await session.commit()
            for organisation, event_id in made:
                written[organisation].add(event_id)

    async def seal() -> None:
        while writing:
            async with transaction(database) as session:
                await seal_facts(session)
            async with database.session() as session:
                heads_seen.append(await read_heads(session))

    sealers = asyncio.gather(seal(), seal())
    await asyncio.gather(*(write(seed) for seed in range(WRITERS)))
    writing = False
    await sealers
    async with transaction(database) as session:
        while await seal_facts(session):
            pass

    async with database.session() as session:
        rows = (await session.execute(text("SELECT * FROM event_seals ORDER BY organisation_id, sequence"))).all()
        # Whatever stood at the end of a chain at any time is still there: each was an anchor.
        verdicts = [await verify_log(session, anchored=heads) for heads in (heads_seen[0], heads_seen[-1])]
    await database.close()
    for organisation in ORGANISATIONS:
        chain = [row for row in rows if row.organisation_id == organisation]
        assert [row.sequence for row in chain] == list(range(1, len(chain) + 1))
        assert {row.event_id for row in chain} == written[organisation]
    assert all(verdict.breaks == [] and verdict.unsealed == 0 for verdict in verdicts)

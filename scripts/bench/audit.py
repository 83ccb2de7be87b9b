"""Seals and verifies a log of 1,000,000 facts (or as many as are said), and prints how long it took.

On an embedded PostgreSQL of its own, thrown away afterwards. Also what a writer pays for the queue of the sealing job:
the same inserts with the trigger and without it.
"""

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from app.kernel.db import PooledDatabase, transaction
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.seals import read_heads, seal_facts
from app.kernel.verifying import verify_log

FACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
CHAINS = 1_000
SAMPLE = 20_000
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
FILL = text("""
INSERT INTO events (id, occurred_at, code, organisation_id, subject_type, subject_id, actor_member_id, request_id, data)
SELECT overlay(gen_random_uuid()::text PLACING left(uuid_v7_floor(at)::text, 13) FROM 1)::uuid, at,
       'resolutions.commented', md5((n % :chains)::text)::uuid, 'comment', gen_random_uuid(), gen_random_uuid(),
       gen_random_uuid()::text,
       jsonb_build_object('revision', n, 'resolution_id', gen_random_uuid(), 'resolution_revision', n % 7)
FROM (SELECT n, CAST(:at AS timestamptz) - make_interval(secs => :behind + n / 10.0) AS at
      FROM generate_series(1, :facts) AS n) AS made
""")


async def main(url: str) -> None:
    database = PooledDatabase(url, clock=lambda: NOW, pool_size=2, statement_timeout_ms=600_000)
    async with transaction(database) as session:
        await session.execute(FILL, {"facts": FACTS, "chains": CHAINS, "at": NOW, "behind": 0})
    began = time.monotonic()
    sealed = more = 0
    while more or not sealed:
        async with transaction(database) as session:
            more = await seal_facts(session)
            sealed += more
    print(f"sealed {sealed:,} facts in {time.monotonic() - began:.1f} s")
    async with transaction(database) as session:
        heads = await read_heads(session)
        await session.execute(text("ANALYZE events, event_seals"))
    began, cpu = time.monotonic(), time.process_time()
    async with database.session() as session:
        await database.freeze(session)
        verdict = await verify_log(session, anchored=heads)
    assert (verdict.breaks, verdict.facts, verdict.chains) == ([], FACTS, min(CHAINS, FACTS))
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    print(f"verified {verdict.facts:,} facts in {verdict.chains:,} chains in {took:.1f} s ({cpu:.1f} s of Python)")
    for name, switch in (("with the queue", "ENABLE"), ("without it", "DISABLE")) * 2:
        async with database.session() as session:
            await session.execute(text(f"ALTER TABLE events {switch} TRIGGER queued_to_be_sealed"))
            began = time.monotonic()
            await session.execute(FILL, {"facts": SAMPLE, "chains": CHAINS, "at": NOW, "behind": 10_000_000})
            print(f"one insert {name}: {(time.monotonic() - began) / SAMPLE * 1e6:.0f} µs")
    await database.close()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sotay-bench-") as home:
        server = EmbeddedPostgres(Path(home))
        server.start()
        try:
            migrate(server.url)
            asyncio.run(main(server.url))
        finally:
            server.stop()

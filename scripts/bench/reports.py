"""Asks for every report of a whole made-up province, as its officer does, and prints how long each takes.

On an embedded PostgreSQL of its own, seeded first (`--keep` leaves it for the next run). The machine's load is printed
beside the figures: what counts is p95 below a second.
"""

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from app.demo.province.seed import seed_province
from app.demo.province.shape import Shape
from app.documents.store import DocumentStore
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, Session
from app.kernel.i18n import Text
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.security import Actor, HeldPost, PostKind
from app.reports import queries

MB = 1024 * 1024
STATEMENT_TIMEOUT_MS = 2_000
NO_HASH = "nobody signs in"

Ask = Callable[[Session], Awaitable[object]]


def seed(postgres: EmbeddedPostgres, home: Path, shape: Shape) -> None:
    steps: dict[str, float] = {}

    def report(step: Text, done: int, total: int) -> None:
        del done, total
        steps[step.en] = time.monotonic()

    began, cpu = time.monotonic(), own_cpu()
    store = DocumentStore.open(None, directory=home / "documents")
    asyncio.run(
        seed_province(postgres.url, shape, password_hash=NO_HASH, store=store, clock=system_clock, report=report)
    )
    last = began
    for name, at in steps.items():
        print(f"  {name:<36} {at - last:7.1f} s")
        last = at
    print(f"seeded in {last - began:.1f} s, of which this process computed {own_cpu() - cpu:.1f} s")


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def reports_of(actor: Actor) -> dict[str, Ask]:
    where = actor.posts[0].organisation_id
    year = system_clock().year
    return {
        "adoption, this month": lambda session: queries.get_adoption_report(
            session, actor, where, since=None, until=None
        ),
        "adoption, two months": lambda session: queries.get_adoption_report(
            session, actor, where, since=session.today() - queries.LONGEST_OF_VISITS, until=None
        ),
        "attendance, this year": lambda session: queries.get_attendance_report(
            session, actor, where, since=None, until=None
        ),
        "attendance, 366 days": lambda session: queries.get_attendance_report(
            session, actor, where, since=session.today() - queries.LONGEST, until=None
        ),
        "meetings, this year": lambda session: queries.get_meetings_report(
            session, actor, where, since=None, until=None
        ),
        "admissions, this year": lambda session: queries.get_admissions_report(
            session, actor, where, year=year, to_year=None
        ),
        "admissions, five years": lambda session: queries.get_admissions_report(
            session, actor, where, year=year - 4, to_year=year
        ),
        "rating": lambda session: queries.get_rating_report(session, actor, where, year=None),
        "away": lambda session: queries.get_away_report(session, actor, where, on=None),
    }


async def measure(url: str, rounds: int) -> None:
    database = PooledDatabase(url, clock=system_clock, pool_size=1, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    async with database.session() as session:
        province = (await session.execute(text("SELECT id FROM organisations WHERE kind = 'province'"))).scalar_one()
        size = (await session.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
        members = (await session.execute(text("SELECT count(*) FROM members"))).scalar_one()
    print(f"{members:,} people, {size / MB:,.0f} MB, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    actor = Actor(
        account_id=uuid4(),
        session_id=uuid4(),
        member_id=uuid4(),
        organisation_id=province,
        path=(province,),
        posts=(HeldPost(PostKind.committee_officer, province),),
        time_zone="Asia/Ho_Chi_Minh",
    )
    for name, ask in reports_of(actor).items():
        took = []
        for _ in range(rounds):
            async with database.session() as session:
                began = time.perf_counter()
                await ask(session)
                took.append(time.perf_counter() - began)
        took.sort()
        p95 = took[min(int(len(took) * 0.95), len(took) - 1)]
        print(f"  {name:<24} median {statistics.median(took) * 1000:6.0f} ms   p95 {p95 * 1000:6.0f} ms")
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=75_180)
    parser.add_argument("--organisations", type=int, default=663)
    parser.add_argument("--branches", type=int, default=4_509)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a directory that keeps the province for the next run")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home: Path = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sotay-bench-")))
        home.mkdir(parents=True, exist_ok=True)
        postgres = EmbeddedPostgres(home)
        postgres.start()
        stack.callback(postgres.stop)
        migrate(postgres.url)
        if not (home / "documents").exists():
            shape = Shape(
                members=arguments.members,
                organisations=arguments.organisations,
                branches=arguments.branches,
                years=2,
                meetings_factor=1,
                seed=1945,
                until=(system_clock() + timedelta(hours=7)).date(),
            )
            seed(postgres, home, shape)
        asyncio.run(measure(postgres.url, arguments.rounds))


if __name__ == "__main__":
    main()

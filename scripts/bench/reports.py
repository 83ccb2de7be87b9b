"""Asks for every report of a whole made-up province, as its officer does, and prints how long each takes.

The province is that of `province`, made first, or kept in a directory. The machine's load is printed beside the
figures: what counts is p95 below a second.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from sqlalchemy import text

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, Session
from app.kernel.security import Actor, HeldPost, PostKind
from app.reports import queries
from province import MB, cpu_of_postgres, options, province

Ask = Callable[[Session], Awaitable[object]]


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


async def measure(url: str, postmaster: int, rounds: int) -> None:
    database = PooledDatabase(url, clock=system_clock, pool_size=1, statement_timeout_ms=0)
    async with database.session() as session:
        root = (await session.execute(text("SELECT id FROM organisations WHERE kind = 'province'"))).scalar_one()
        size = (await session.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
        members = (await session.execute(text("SELECT count(*) FROM members"))).scalar_one()
    print(f"{members:,} people, {size / MB:,.0f} MB, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    actor = Actor(
        account_id=uuid4(),
        session_id=uuid4(),
        member_id=uuid4(),
        organisation_id=root,
        path=(root,),
        posts=(HeldPost(PostKind.committee_officer, root),),
        time_zone="Asia/Ho_Chi_Minh",
    )
    for name, ask in reports_of(actor).items():
        took, cpu = [], cpu_of_postgres(postmaster)
        for _ in range(rounds):
            async with database.session() as session:
                began = time.perf_counter()
                await ask(session)
                took.append(time.perf_counter() - began)
        took.sort()
        p95 = took[min(int(len(took) * 0.95), len(took) - 1)]
        cpu = (cpu_of_postgres(postmaster) - cpu) / rounds
        median = statistics.median(took)
        print(
            f"  {name:<24} median {median * 1000:6.0f} ms   p95 {p95 * 1000:6.0f} ms   "
            f"PostgreSQL's processor {cpu * 1000:5.0f} ms",
            flush=True,
        )
    await database.close()


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with province(arguments) as postgres:
        asyncio.run(measure(postgres.url, postgres.pid or 0, arguments.rounds))


if __name__ == "__main__":
    main()

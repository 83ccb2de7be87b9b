"""Makes a province up as `sotay seed province` does, and prints how long each step takes and how large the database is.

On an embedded PostgreSQL of its own; `--keep` leaves it, for other benchmarks and the next run, which then makes none.
The processor's time of both processes is printed beside, since the machine may be busy with something else.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from app.demo.province.seed import seed_province
from app.demo.province.shape import HOME, Shape
from app.documents.store import DocumentStore
from app.kernel.clock import system_clock
from app.kernel.i18n import Text
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres

MB = 1024 * 1024
NO_HASH = "nobody signs in"
DONE = "seeded"


def options(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--members", type=int, default=75_180)
    parser.add_argument("--organisations", type=int, default=663)
    parser.add_argument("--branches", type=int, default=4_509)
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument("--meetings-factor", type=float, default=1)
    parser.add_argument("--keep", type=Path, help="a directory that keeps the province for the next run")
    return parser


@contextmanager
def province(arguments: argparse.Namespace) -> Iterator[EmbeddedPostgres]:
    """Bring a province up, made anew unless the kept directory has one."""
    with tempfile.TemporaryDirectory(prefix="sotay-bench-") as scratch:
        home: Path = arguments.keep or Path(scratch)
        home.mkdir(parents=True, exist_ok=True)
        with EmbeddedPostgres(home) as postgres:
            migrate(postgres.url)
            if not (home / DONE).exists():
                _seed(postgres, home, arguments)
                (home / DONE).touch()
            yield postgres


def _seed(postgres: EmbeddedPostgres, home: Path, arguments: argparse.Namespace) -> None:
    shape = Shape(
        members=arguments.members,
        organisations=arguments.organisations,
        branches=arguments.branches,
        years=arguments.years,
        meetings_factor=arguments.meetings_factor,
        seed=1945,
        until=system_clock().astimezone(HOME).date() + timedelta(days=1),
    )
    ends: dict[str, float] = {}

    def report(step: Text, done: int, total: int) -> None:
        del done, total
        ends[step.en] = time.monotonic()

    store = DocumentStore.open(None, directory=home / "documents")
    postmaster = postgres.pid
    assert postmaster is not None
    began, own, theirs = time.monotonic(), _own_cpu(), cpu_of_postgres(postmaster)
    asyncio.run(
        seed_province(postgres.url, shape, password_hash=NO_HASH, store=store, clock=system_clock, report=report)
    )
    last = began
    for name, end in ends.items():
        print(f"  {name:<36} {end - last:7.1f} s")
        last = end
    own, theirs = _own_cpu() - own, cpu_of_postgres(postmaster) - theirs
    print(
        f"seeded in {last - began:.0f} s; processor's time {own:.0f} s, and PostgreSQL's {theirs:.0f} s; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        flush=True,
    )


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cpu_of_postgres(postmaster: int) -> float:
    """Return the seconds of the postmaster, of its living children and of those that have ended."""
    ticks = os.sysconf("SC_CLK_TCK")
    fields = Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()
    seconds = sum(map(int, fields[11:15])) / ticks
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
        seconds += sum(map(int, fields[11:13])) / ticks
    return seconds


def main() -> None:
    with (
        province(options(__doc__).parse_args()) as postgres,
        psycopg.connect(postgres.url.replace("+psycopg", "")) as connection,
    ):
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert size is not None
        print(f"{size[0] / MB:,.0f} MB of database; the largest tables:")
        for name, rows, held in connection.execute("""
            SELECT relname, reltuples::bigint, pg_total_relation_size(oid) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            ORDER BY pg_total_relation_size(oid) DESC LIMIT 12
        """):
            print(f"  {name:<28} {rows:>12,} rows {held / MB:>8,.0f} MB")


if __name__ == "__main__":
    main()

"""The long run of `tests/isolation`: prints what was asked and answered, and fails when a foreign row was seen.

Countries of 10,000 requests each, on an embedded PostgreSQL of its own; the same seed asks the same again. With
`--plant` it is the test that is tested: faults in eight ways of asking × six relations, each of which must be found.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import psycopg
import structlog
from sqlalchemy.engine import make_url

from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from tests.isolation.faults import FAULTS, Fault
from tests.isolation.trial import Findings, try_country, try_faults

OF_ONE_COUNTRY = 10_000
AT_MOST_FOR_A_FAULT = 3_000
OF_ONE_PART = 6
SHOWN = 20

Result = TypeVar("Result")


class Total:
    """Adds up what was found in one country after another."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.requests = self.words = self.items = self.digests = self.replays = self.wrong = 0
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self.happenings: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def add(self, country: int, findings: Findings) -> None:
        self.requests += findings.requests
        self.words += findings.words_judged
        self.items += findings.items_judged
        self.digests += findings.digests
        self.replays += findings.replays
        self.answers += findings.answers
        self.happenings += findings.happenings
        for what, found in findings.wrong.items():
            self.counts[what] += len(found)
            self.wrong += len(found)
            for each in found[:SHOWN]:
                print(f"✗ country {country}, {what}: {each}")
            for route, n in Counter(each.split(":", 1)[0] for each in found).most_common():
                print(f"✗ {what}: {n} of {route}")
        self.say(f"{self.requests} requests, {self.requests / (time.monotonic() - self.began):.0f} a second")

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self.began:7.0f} s  {what}", flush=True)

    def report(self) -> None:
        """Print route × relation × answer, the sums, and the verdicts."""
        relations = sorted({relation for _, relation, _ in self.answers})
        for route in sorted({route for route, _, _ in self.answers}):
            print(route)
            for relation in relations:
                said = {kind: n for (one, of, kind), n in self.answers.items() if (one, of) == (route, relation)}
                if said:
                    counted = ", ".join(f"{kind} {n}" for kind, n in sorted(said.items()))
                    print(f"    {relation:<11} {counted}")
        by_relation: dict[str, Counter[str]] = {relation: Counter() for relation in relations}
        for (_, relation, kind), n in self.answers.items():
            by_relation[relation][kind] += n
        print("All routes")
        for relation, said in by_relation.items():
            print(f"    {relation:<11} " + ", ".join(f"{kind} {n}" for kind, n in sorted(said.items())))
        print("Happened: " + ", ".join(f"{what} {n}" for what, n in sorted(self.happenings.items())))
        print(
            f"Judged: {self.words} words of answers, {self.items} items of lists, {self.replays} repeats under a key,"
            f" {self.digests} times all rows after a refused write"
        )
        for what, n in self.counts.items():
            print(f"{'✓' if n == 0 else '✗'} {what}: {n} in {self.requests} generated requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where countries are made: copies of a migrated, empty database, in whichever process."""

    url: str
    admin_url: str
    home: Path

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Give a database of its own."""
        url = make_url(self.url)
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {url.database}")
            yield url.set(database=name).render_as_string(hide_password=False)
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def ask(self, country: int, requests: int, seed: int) -> Findings:
        """Ask so many requests of a new country."""
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        with self.database(f"country_{country}") as url:
            return asyncio.run(try_country(url, self.home / f"files_{country}", requests=requests, seed=seed))

    def plant(self, part: int, faults: Sequence[Fault], seed: int) -> dict[Fault, Findings]:
        """Plant one fault after another in a new country."""
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        with self.database(f"planted_{part}") as url:
            files = self.home / f"planted_{part}"
            return asyncio.run(try_faults(url, files, faults, seed=seed, at_most=AT_MOST_FOR_A_FAULT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--processes", type=int, default=1, help="that ask side by side, each of countries of its own")
    parser.add_argument("--plant", action="store_true", help="plant faults instead; each must be found")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sotay-isolation-") as made:
        home = Path(made)
        home.chmod(0o755)  # PostgreSQL's user passes through
        with (
            EmbeddedPostgres(home / "data", durable=False) as postgres,
            ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as processes,
        ):
            migrate(postgres.url)
            admin_url = postgres.admin_url.replace("+psycopg", "")
            server = Server(url=postgres.url, admin_url=admin_url, home=home)
            is_right = (_plant if given.plant else _ask)(server, processes, given)
    sys.exit(0 if is_right else 1)


def _ask(server: Server, processes: ProcessPoolExecutor, given: argparse.Namespace) -> bool:
    total = Total()
    print(f"{given.requests} requests, seed {given.seed}")
    starts = range(0, given.requests, OF_ONE_COUNTRY)
    going = [
        processes.submit(server.ask, number, min(OF_ONE_COUNTRY, given.requests - start), given.seed * 1_000 + number)
        for number, start in enumerate(starts, start=1)
    ]
    broken = 0
    for country, findings in _finished(going):
        if findings is None:
            broken += 1
        else:
            total.add(country, findings)
    total.report()
    print(f"{'✗' if broken else '✓'} countries that broke off: {broken} of {len(going)}")
    return total.wrong == 0 and broken == 0


def _plant(server: Server, processes: ProcessPoolExecutor, given: argparse.Namespace) -> bool:
    print(f"{len(FAULTS)} faults, seed {given.seed}")
    parts = [FAULTS[start : start + OF_ONE_PART] for start in range(0, len(FAULTS), OF_ONE_PART)]
    going = [processes.submit(server.plant, part, faults, given.seed) for part, faults in enumerate(parts, start=1)]
    caught = 0
    for _, tried in _finished(going):
        for fault, findings in (tried or {}).items():
            found = ", ".join(f"{len(one)} {what}" for what, one in findings.wrong.items() if one)
            caught += bool(found)
            print(
                f"{'✓' if found else '✗'} {fault}: {found or 'not found'} after {findings.requests} requests",
                flush=True,
            )
    print(f"{'✓' if caught == len(FAULTS) else '✗'} planted faults missed: {len(FAULTS) - caught} of {len(FAULTS)}")
    return caught == len(FAULTS)


def _finished(going: Sequence[Future[Result]]) -> Iterator[tuple[int, Result | None]]:
    """Give the number of each country that is done, and what was found; None where it broke off, which is shown."""
    for one in as_completed(going):
        number, result = going.index(one) + 1, None
        try:
            result = one.result()
        except Exception:  # noqa: BLE001 the other countries are asked all the same
            print(f"✗ country {number} broke off\n{traceback.format_exc()}", flush=True)
        yield number, result


if __name__ == "__main__":
    main()

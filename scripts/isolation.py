"""The long run of `tests/isolation`: prints what was asked and answered, and fails when a foreign row was seen.

Countries of 10,000 requests each, on an embedded PostgreSQL of its own; the same seed asks the same again.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
import structlog
from sqlalchemy.engine import make_url

from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from tests.isolation.trial import Findings, try_country

OF_ONE_COUNTRY = 10_000
SHOWN = 20


class Total:
    """Adds up what was found in one country after another."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.requests = self.words = self.items = self.digests = self.replays = self.wrong = 0
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self.happenings: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def add(self, findings: Findings) -> None:
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
                print(f"✗ {what}: {each}")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    total = Total()
    print(f"{given.requests} requests, seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="sotay-isolation-") as made:
        home = Path(made)
        home.chmod(0o755)  # PostgreSQL's user passes through
        with EmbeddedPostgres(home / "data", durable=False) as postgres:
            migrate(postgres.url)
            country = 0
            while total.requests < given.requests:
                country += 1
                url = _copy(postgres, f"country_{country}")
                part = min(OF_ONE_COUNTRY, given.requests - total.requests)
                seed = given.seed * 1_000 + country
                total.add(asyncio.run(try_country(url, home / "files", requests=part, seed=seed)))
                _drop(postgres, f"country_{country}")
    total.report()
    sys.exit(1 if total.wrong else 0)


def _copy(postgres: EmbeddedPostgres, name: str) -> str:
    url = make_url(postgres.url)
    with psycopg.connect(postgres.admin_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {url.database}")
    return url.set(database=name).render_as_string(hide_password=False)


def _drop(postgres: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(postgres.admin_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()

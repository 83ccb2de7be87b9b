"""Asks the home screen and writes a reply with and without row-level security, and prints the ratios.

Both are the application in this process on one embedded PostgreSQL: as `sotay_app`, and as the owner, for whom every
policy is `true` and falls away. They take turns, 25 requests long, one at a time, so that other work on the machine
meets both alike. CPU is what this process and PostgreSQL used.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.roles import Role
from app.kernel.settings import Settings
from app.main import Parts, create_app
from fanout import cpu_of_postgres, scratch
from reads import ISSUER, Country

HOME_SCREEN = ("/v1/me/meetings", "/v1/me/notifications", "/v1/me/announcements", "/v1/changes")
REPLIES = ("attending", "attending_online")
WARM = 20
ROUND = 25


def client_of(country: Country, role: Role | None) -> AsyncClient:
    """Return a member's phone on an application of its own."""
    database = PooledDatabase(country.url, clock=system_clock, pool_size=1, statement_timeout_ms=30_000, role=role)
    parts = Parts(
        settings=Settings(data_dir=country.home, public_url=ISSUER, rate_limit_per_minute=0),
        database=database,
        passwords=Passwords(PasswordHasher(), concurrency=1),
        keys=country.keys,
    )
    headers = country.headers(country.world.member)
    return AsyncClient(transport=ASGITransport(create_app(parts)), base_url=ISSUER, headers=headers)


async def ask(client: AsyncClient, what: str, meeting: str) -> None:
    """Send one request of a kind."""
    if what == "reply":
        answer = await client.put(f"/v1/meetings/{meeting}/reply", json={"reply": random.choice(REPLIES)})  # noqa: S311
    else:
        answer = await client.get(what)
    answer.raise_for_status()


async def measure(home: Path, postgres: EmbeddedPostgres, *, requests: int) -> None:
    """Print a line for each kind of request."""
    country = Country(home, postgres.url)
    await country.furnish()
    async with AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(client_of(country, role)) for role in (Role.app, None)]
        meeting = (await clients[0].get("/v1/me/meetings")).raise_for_status().json()["items"][0]["id"]
        print(f"{'':<24} {'p50':>6} {'p99':>6} {'CPU':>6}   with / without, of {requests} requests each")
        for what in (*HOME_SCREEN, "reply"):
            for client in clients * WARM:
                await ask(client, what, meeting)
            seconds: tuple[list[float], list[float]] = ([], [])
            used = [0.0, 0.0]
            for _ in range(0, requests, ROUND):
                for number, client in enumerate(clients):
                    cpu = time.process_time() + cpu_of_postgres(postgres.pid or 0)
                    for _ in range(ROUND):
                        begun = time.perf_counter()
                        await ask(client, what, meeting)
                        seconds[number].append(time.perf_counter() - begun)
                    used[number] += time.process_time() + cpu_of_postgres(postgres.pid or 0) - cpu
            middle = statistics.median(seconds[0]) / statistics.median(seconds[1])
            print(f"{what:<24} {middle:>6.2f} {p99(seconds[0]) / p99(seconds[1]):>6.2f} {used[0] / used[1]:>6.2f}")
    await country.database.close()


def p99(seconds: Sequence[float]) -> float:
    """Return the time that one in a hundred takes longer than."""
    return statistics.quantiles(seconds, n=100)[98]


def main() -> None:
    """Run it on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000)
    given = parser.parse_args()
    with scratch() as home, EmbeddedPostgres(home, durable=False) as postgres:
        migrate(postgres.url)
        asyncio.run(measure(home, postgres, requests=given.requests))


if __name__ == "__main__":
    main()

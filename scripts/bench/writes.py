"""Lets members comment on a draft and reply to a meeting, beside two peers that write the same rows.

All on an embedded PostgreSQL of its own, as durable as it usually is, thrown away afterwards; the application and each
peer (`peers/writes_apps.py`) are one process of the same server. The rounds are interleaved and what counts is the
ratio of the medians; `CPU` is what the process and its PostgreSQL used for a request. 64 people write at once, each
comment under an `Idempotency-Key` of its own; with the application's row go the fact, the change rows and, of a
comment, the kept answer, with the peers' a row of a plain log.

The people are of as many branches as `--branches` says, one number after the other. What a branch's phones are told
has an order, so that units of work of one branch are committed one after the other: with one branch for all, the rate
is that of its commits.
"""

import argparse
import asyncio
import itertools
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import structlog
from pyreqwest.client import Client, ClientBuilder
from sqlalchemy import text

from app.kernel.clock import system_clock
from app.kernel.db import transaction
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.security import PostKind
from app.organisations.models import Organisation, OrganisationKind
from bytes import POINTS, SENTENCES
from fanout import cpu_of_postgres, cpu_seconds, scratch
from reads import Country, Figure, median_of, peer, serving, show
from tests.factories.world import Maker, Person, make_world

AT_ONCE = 64
PORT = 18_470
LOG = """
CREATE TABLE peer_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text NOT NULL, organisation_id uuid NOT NULL,
    subject_id uuid NOT NULL, member_id uuid NOT NULL, happened_at timestamptz NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Writer:
    """A signed-in phone, with what it comments on and replies to."""

    headers: Mapping[str, str]
    resolution_id: str
    meeting_id: str


@dataclass(frozen=True, slots=True)
class Server:
    """Who is measured: where, and in which process."""

    name: str
    port: int
    pid: int


class Commune(Country):
    """An installation in whose branches a draft is open for comments and a meeting is called."""

    async def furnish(self) -> None:
        """Make the people that every installation has, and the peers' log."""
        async with transaction(self.database) as session:
            self.world = await make_world(session)
            await session.execute(text(LOG))

    async def gather(self, branches: int) -> list[Writer]:
        """Return 64 people of so many new branches; each branch's secretary is one of them."""
        groups: list[list[Person]] = []
        async with transaction(self.database) as session:
            make = Maker(session)
            commune = await session.get_one(Organisation, self.world.commune)
            for number in range(branches):
                branch = (await make.organisation(f"Chi bộ {number}", OrganisationKind.branch, under=commune)).id
                posts = ((PostKind.secretary, branch),)
                secretary = await make.person("Nguyễn Văn An", branch, posts=posts)
                others = range(number + branches, AT_ONCE, branches)
                groups.append([secretary, *[await make.person("Lê Văn Cường", branch) for _ in others]])
            await session.execute(text("ANALYZE"))
        return [writer for group in groups for writer in await self._called(group)]

    async def _called(self, people: Sequence[Person]) -> list[Writer]:
        branch = f"/v1/organisations/{people[0].organisation_id}"
        later = system_clock() + timedelta(weeks=1)
        meeting = {
            "title": "Sinh hoạt chi bộ thường kỳ",
            "kind": "regular",
            "starts_at": later.isoformat(),
            "time_zone": "Asia/Ho_Chi_Minh",
            "place": "Nhà văn hóa thôn Đông",
            "agenda": [{"position": place, "title": POINTS[place], "minutes": 20} for place in (1, 2, 3)],
        }
        paragraphs = [{"position": place, "text": SENTENCES[place]} for place in (1, 2, 3)]
        draft = {"title": "Nghị quyết lãnh đạo nhiệm vụ tháng tới", "paragraphs": paragraphs}
        async with self.phone(people[0]) as secretary:
            meeting_id = await self.step(secretary, f"{branch}/meetings", meeting, "/v1/meetings/{id}/announce")
            resolution_id = await self.step(
                secretary,
                f"{branch}/resolutions",
                draft,
                "/v1/resolutions/{id}/open",
                comments_until=later.isoformat(),
            )
        return [Writer(self.headers(person), resolution_id, meeting_id) for person in people]

    async def written(self) -> dict[str, int]:
        """Return how many comments there are, and how many replies were told to a log."""
        async with transaction(self.database) as session:
            comments = await session.scalar(text("SELECT count(*) FROM resolution_comments"))
            replies = await session.scalar(
                text(
                    "SELECT (SELECT count(*) FROM events WHERE code = 'meetings.replied')"
                    " + (SELECT count(*) FROM peer_log WHERE code = 'meetings.replied')"
                )
            )
        return {"comment": comments or 0, "reply": replies or 0}


async def comment(client: Client, port: int, writer: Writer, number: int) -> int:
    """Comment on the draft as an outbox does; returns the status."""
    return await _send(
        client,
        f"http://127.0.0.1:{port}/v1/resolutions/{writer.resolution_id}/comments",
        {**writer.headers, "Idempotency-Key": str(uuid4())},
        {"version": 1, "body": SENTENCES[number % len(SENTENCES)]},
        method="POST",
    )


async def reply(client: Client, port: int, writer: Writer, number: int) -> int:
    """Say something else than the last time; returns the status."""
    return await _send(
        client,
        f"http://127.0.0.1:{port}/v1/meetings/{writer.meeting_id}/reply",
        writer.headers,
        {"reply": "attending" if number % 2 else "attending_online"},
        method="PUT",
    )


async def _send(
    client: Client, address: str, headers: Mapping[str, str], body: Mapping[str, object], *, method: str
) -> int:
    request = client.post(address) if method == "POST" else client.put(address)
    answer = await request.headers(dict(headers)).body_json(body).build().send()
    await answer.bytes()
    return answer.status


OPERATIONS = {"comment": (comment, 201), "reply": (reply, 200)}


async def measure(
    name: str, server: Server, writers: Sequence[Writer], postmaster: int, seconds: float
) -> tuple[Figure, int]:
    """Let everybody write for so long; returns the figure and how many wrote."""
    operation, status = OPERATIONS[name]
    count = 0
    until = time.perf_counter() + seconds
    async with ClientBuilder().build() as client:

        async def write(writer: Writer) -> None:
            nonlocal count
            for number in itertools.count():
                if time.perf_counter() >= until:
                    return
                answered = await operation(client, server.port, writer, number)
                assert answered == status, f"{name}, {server.name}: {answered}"
                count += 1

        begin, used = time.perf_counter(), cpu_seconds(server.pid) + cpu_of_postgres(postmaster)
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(write(writer))
        taken = time.perf_counter() - begin
        used = cpu_seconds(server.pid) + cpu_of_postgres(postmaster) - used
    return Figure(rate=count / taken, cpu_ms=used / count * 1000), count


def servers(stack: ExitStack, commune: Commune) -> Iterator[Server]:
    """Start the application and its peers."""
    told = commune.environment()
    api = ["app.cli", "api", "--port", str(PORT), "--quiet"]
    yield Server("sotay", PORT, stack.enter_context(serving(api, PORT, told)))
    peers = {"orm": "FastAPI + ORM", "driver": "FastAPI + driver, by hand"}
    for port, (factory, name) in enumerate(peers.items(), start=PORT + 1):
        yield Server(name, port, stack.enter_context(serving(peer("writes_apps", factory, port), port, told)))


async def compare(commune: Commune, postmaster: int, *, branches: int, rounds: int, seconds: float) -> None:
    """Measure everybody in turn, and print the medians and the ratios."""
    writers = await commune.gather(branches)
    print(f"{AT_ONCE} people, branches: {branches}, load {os.getloadavg()[0]:.1f}", flush=True)
    before = await commune.written()
    with ExitStack() as stack:
        there = list(servers(stack, commune))
        figures: dict[tuple[str, str], list[Figure]] = {(name, one.name): [] for name in OPERATIONS for one in there}
        done = dict.fromkeys(OPERATIONS, 0)
        for turn in range(rounds + 1):
            for name in OPERATIONS:
                for one in there:
                    figure, count = await measure(name, one, writers, postmaster, seconds if turn else 1.0)
                    done[name] += count
                    if turn:  # the first is a warm-up
                        figures[name, one.name].append(figure)
    after = await commune.written()
    assert {name: after[name] - before[name] for name in done} == done, (before, after, done)
    for name in OPERATIONS:
        print(f"  {name}")
        medians = {one.name: median_of(figures[name, one.name]) for one in there}
        _, orm, by_hand = medians.values()
        show(medians, orm=orm, by_hand=by_hand)


async def main() -> None:
    """Run it on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--branches", type=int, nargs="+", default=[AT_ONCE, 1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with scratch() as home, EmbeddedPostgres(home / "data") as postgres:
        assert postgres.pid is not None
        migrate(postgres.url)
        commune = Commune(home, postgres.url)
        await commune.furnish()
        for branches in given.branches:
            await compare(commune, postgres.pid, branches=branches, rounds=given.rounds, seconds=given.seconds)
        await commune.database.close()


if __name__ == "__main__":
    asyncio.run(main())

"""Two workers whose clocks are five minutes apart: what one leaves for later, the other takes in its time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import AsyncClient

from app.kernel.clock import Clock, system_clock
from app.kernel.db import PooledDatabase
from app.kernel.push import LaneBusy, RetryAfter
from app.notifications.dispatch.service import PostOffice, deliver
from app.notifications.leases.service import Chunk
from tests.factories.clock import FakeClock
from tests.factories.deliveries import only_chunk
from tests.faults.harness import Place, announce, sql
from tests.worker import CollectingSender, JobRunner

MINUTE = timedelta(minutes=1)
APART = timedelta(minutes=5)


def off_by(difference: timedelta) -> Clock:
    return lambda: system_clock() + difference


@pytest.fixture(params=["the one ahead sends first", "the one behind sends first"])
async def offices(
    place: Place, api: AsyncClient, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[PostOffice, PostOffice, Chunk]]:
    """Two workers' offices, and the chunk that both have."""
    await announce(api, place)
    clocks = [off_by(APART), off_by(timedelta())]
    databases = [PooledDatabase(place.url, clock=clock, pool_size=2, statement_timeout_ms=10_000) for clock in clocks]
    expanding = JobRunner(databases[1], FakeClock(system_clock()))
    assert await expanding.run_one()
    first, second = (
        replace(expanding.office, database=database, clock=clock, sender=CollectingSender())
        for database, clock in zip(databases, clocks, strict=True)
    )
    chunk = await only_chunk(databases[1])
    yield (first, second, chunk) if "ahead" in request.param else (second, first, chunk)
    for database in databases:
        await database.close()


async def test_pause_that_one_clock_began_is_kept_by_the_other(
    place: Place, offices: tuple[PostOffice, PostOffice, Chunk]
) -> None:
    first, second, chunk = offices
    assert isinstance(first.sender, CollectingSender)
    assert isinstance(second.sender, CollectingSender)
    platforms = dict(sql(place.url, "SELECT push_token, platform FROM devices WHERE push_token IS NOT NULL"))
    busy, later = LaneBusy(MINUTE, "QUOTA_EXCEEDED"), RetryAfter(MINUTE, "UNAVAILABLE")
    first.sender.answers = {token: busy if kind == "ios" else later for token, kind in platforms.items()}
    phones = place.phones()

    await deliver(first, chunk)
    assert sorted(first.sender.tokens()) == sorted(phones)
    await deliver(second, chunk)
    assert second.sender.tokens() == []
    left = "extract(epoch FROM {} - clock_timestamp())"
    pauses = sql(
        place.url,
        f"SELECT {left.format('min(not_before)')} FROM deliveries"
        f" UNION ALL SELECT {left.format('max(not_before)')} FROM deliveries"
        f" UNION ALL SELECT {left.format('busy_until')} FROM push_lanes WHERE busy_until IS NOT NULL"
        f" UNION ALL SELECT {left.format('scheduled_at')} FROM procrastinate_jobs WHERE scheduled_at IS NOT NULL",
    )
    assert len(pauses) == 5  # two jobs: each looked at the chunk
    assert all(40 < pause <= 60 for (pause,) in pauses), pauses

    sql(place.url, "UPDATE deliveries SET not_before = not_before - interval '1 minute'")
    sql(place.url, "UPDATE push_lanes SET busy_until = busy_until - interval '1 minute'")
    await deliver(second, chunk)
    assert sorted(second.sender.tokens()) == sorted(phones)
    assert place.outcomes() == {"sent": len(phones)}

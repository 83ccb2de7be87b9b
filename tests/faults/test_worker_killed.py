"""The worker dies in the middle of telling a branch; everybody is told nevertheless."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from httpx import AsyncClient

from app.kernel.jobs import Lane
from app.notifications.dispatch.service import STORED_AT_ONCE
from app.worker import CONCURRENCY
from tests.faults.harness import Place, Program, announce, push_settings, tag, tokens, wait_until
from tests.fcm import LoopbackFcm, answers

pytestmark = pytest.mark.begins_first(30)

KILLS = 5
PHONES = 2_500
Report = Callable[..., None]


async def test_worker_killed_five_times_among_2500_phones_loses_no_push_and_shows_none_twice(
    place: Place, api: AsyncClient, fcm: LoopbackFcm, tmp_path: Path, report: Report
) -> None:
    place.grow(PHONES - len(place.phones()))
    phones = place.phones()
    assert len(phones) == PHONES
    fcm.answer_next(answers.late(0.04), times=3 * PHONES)
    await announce(api, place)
    environment = {"SOTAY_DATABASE_URL": place.url, **push_settings(fcm)}
    done_at_kill = []
    repeats_after_kill = []

    def lasting() -> None:
        for _ in range(KILLS):
            with Program(tmp_path / "worker", "worker", **environment) as worker:
                before = len(fcm.accepted)
                fcm.wait_for(before + 450, timeout_seconds=60)
                worker.kill()
            reached = tokens(list(fcm.accepted))
            done_at_kill.append(len(reached))
            repeats_after_kill.append(reached.total() - len(reached))
        with Program(tmp_path / "worker", "worker", **environment) as worker:
            wait_until(lambda: place.outcomes() == {"sent": PHONES}, "all are sent", seconds=90)
            wait_until(lambda: place.jobs() == 0, "no job is left", seconds=60)
            assert worker.end() == 0

    await asyncio.to_thread(lasting)

    assert all(0 < done < PHONES for done in done_at_kill), done_at_kill
    reached = tokens(fcm.accepted)
    assert reached.keys() == phones
    assert len({tag(push) for push in fcm.accepted}) == 1
    assert {push.message["data"]["notification_id"] for push in fcm.accepted} == {tag(fcm.accepted[0])}
    repeats = reached.total() - PHONES
    bound = KILLS * CONCURRENCY[Lane.urgent] * STORED_AT_ONCE
    assert repeats <= bound
    report(
        kills=KILLS,
        phones=PHONES,
        lost=0,
        repeats=repeats,
        bound=bound,
        done_at_each_kill=done_at_kill,
        repeats_so_far=repeats_after_kill,
        most_to_one_phone=max(reached.values()),
    )

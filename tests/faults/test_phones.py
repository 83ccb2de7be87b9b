"""Phones on a network that drops a third of all answers: what was done is done once, and every phone knows it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.fleet import Fleet, serving
from tests.faults.village import settle_village

pytestmark = pytest.mark.begins_first(25)

# scripts/check-phones does the same for hours.
PHONES, OPERATIONS, REFRESHES = 10, 40, 20


async def test_each_effect_comes_once_and_every_store_is_as_a_fresh_one(
    live_database_url: str, tmp_path: Path, report: Callable[..., None]
) -> None:
    village = await settle_village(live_database_url, phones=PHONES)
    with serving(tmp_path, live_database_url, processes=2) as ports:
        fleet = Fleet(village, ports=ports, seed=11)
        await fleet.begin()
        await fleet.live(OPERATIONS // 2)
        await village.restored()
        await fleet.live(OPERATIONS // 2)
        await fleet.rest()
        assert list(fleet.ledger.verdicts(village.url)) == []
        await village.guest_goes_home()
        assert await fleet.unequal_stores() == []
        assert await fleet.stale_pages() == []
        await fleet.refresh(REFRESHES)
        assert fleet.odd_installations() == []
        robbed, caught = await fleet.steal()
    seen = fleet.seen
    report(operations=seen["operations"], answers_cut=seen["answers cut"], replays=seen["replays"], seen=dict(seen))
    assert (seen["server errors"], seen["sessions lost"]) == (0, 0)
    assert (robbed, caught) == (PHONES // 2, PHONES // 2)
    assert seen["answers cut"] > OPERATIONS / 4
    assert seen["replays"] > 0
    assert seen["410"] > 0
    assert seen["changes: drop_scope"] > 0

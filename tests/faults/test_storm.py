"""What `scripts/check-push` proves of a million pushes, with fewer."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.tokens import TokenKeys
from tests.faults.harness import seeded
from tests.faults.storm import Storm, Weather
from tests.fcm.mix import OF_MESSAGES, OF_TOKENS, PASSING, QUOTA

DELIVERIES = 20_000
NOTICES = 10
WEATHER = Weather(seed=5, workers=5, restart_every=25, pause_every=20, errors_each=1, patience=1_800)
"""The server is restarted, and lanes are paused, sooner than in a long storm; the last refused push comes sooner."""


@pytest.mark.begins_first(300)
def test_storm_over_20000_pushes_loses_none_shows_none_twice_and_sends_none_early_or_to_a_dead_token(
    home: Path, tmp_path: Path, keys: TokenKeys, report: Callable[..., None]
) -> None:
    told: list[str] = []
    with EmbeddedPostgres(home) as postgres:
        migrate(postgres.url)
        place = seeded(postgres.url, keys)
        storm = Storm(place, tmp_path, WEATHER, phones=DELIVERIES // NOTICES, notices=NOTICES, say=told.append)
        figures = storm.rage(postgres)
    report(**asdict(figures))
    nought = (
        figures.lost,
        figures.shown_twice,
        figures.sent_to_dead_tokens_after_the_refusal,
        figures.retries_early,
        figures.sent_to_resting_lanes_after_the_pause,
    )
    assert nought == (0, 0, 0, 0, 0), told
    assert figures.is_kept, told
    assert min(figures.kills, figures.restarts, figures.dead_tokens, figures.messages_refused) > 0
    assert storm.mix.given.keys() >= {*OF_TOKENS, *OF_MESSAGES, *PASSING, QUOTA}

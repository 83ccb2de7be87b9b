"""A small storm of `scripts/check-push`: whatever dies, nobody's push is lost and nobody sees one twice."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app.kernel.tokens import TokenKeys
from tests.faults.harness import seeded
from tests.faults.storm import Storm, Weather

Report = Callable[..., None]


def test_no_push_is_lost_and_none_shown_twice_while_workers_are_killed_and_fcm_has_bad_days(
    live_database_url: str, keys: TokenKeys, tmp_path: Path, report: Report
) -> None:
    """PostgreSQL, which other tests use as well, is left alone: `scripts/check-push` restarts it."""
    weather = Weather(seed=5, workers=2, kill_every=1, sends_between_kills=200, errors_each=1, patience=240)
    storm = Storm(seeded(live_database_url, keys), tmp_path, weather, phones=300, notices=3, say=lambda _: None)
    figures = storm.rage()
    report(**asdict(figures))
    assert figures.is_kept, figures
    assert figures.kills >= 3
    assert figures.taken > 600

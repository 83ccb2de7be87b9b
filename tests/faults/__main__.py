"""What `scripts/check-push` runs: a storm over a PostgreSQL of its own; ends with 1 when a promise is broken."""

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from app.cli.terminal import hush
from app.kernel.logging import configure_logging
from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.settings import LogFormat
from app.kernel.tokens import TokenKeys
from tests.faults.harness import seed
from tests.faults.storm import Storm, Weather

NOTICES = 10
PHONES = 10_000
"""At most: a branch of more would have its people found in one transaction that lasts longer than a worker lives."""


def main() -> int:
    """Print each figure on a line of its own."""
    parser = argparse.ArgumentParser(prog="scripts/check-push", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    parser.add_argument("--errors-each", type=int, default=2, help="how often FCM refuses one push at most")
    parser.add_argument("--workers", type=int, default=Weather.workers, help="killed in turn, one every three seconds")
    parser.add_argument("--patience", type=float, default=24 * 3600, help="give up after so many seconds")
    parser.add_argument("--keep", type=Path, help="directory for the workers' log")
    arguments = parser.parse_args()
    weather = Weather(
        seed=arguments.seed,
        workers=arguments.workers,
        errors_each=arguments.errors_each,
        patience=arguments.patience,
    )
    configure_logging(LogFormat.console)
    hush()
    # Millions of small records without cycles: a collection would stop FCM's thread for seconds, and find nothing.
    gc.disable()
    say(f"{arguments.deliveries} deliveries; {weather}")
    with tempfile.TemporaryDirectory(prefix="sotay-storm-") as name:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL's user passes through
        with EmbeddedPostgres(home / "data") as postgres:
            migrate(postgres.url)
            place = asyncio.run(seed(postgres.url, TokenKeys(home / "keys", issuer="http://127.0.0.1:8000")))
            notices = max(NOTICES, arguments.deliveries // PHONES)
            phones = arguments.deliveries // notices
            storm = Storm(place, arguments.keep or home, weather, phones=phones, notices=notices, say=say)
            figures = storm.rage(postgres)
    for kind, count in storm.mix.given.most_common():
        say(f"FCM answered {kind}: {count}")
    for figure, value in asdict(figures).items():
        say(f"{figure.replace('_', ' ')}: {value}")
    say("every promise kept" if figures.is_kept else "A PROMISE IS BROKEN")
    return 0 if figures.is_kept else 1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

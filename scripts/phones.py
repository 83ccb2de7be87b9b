"""The long run of `tests/faults/test_phones.py`: prints what happened, and fails when anything was lost or doubled.

On an embedded PostgreSQL of its own, which forgets on power loss but is a real one otherwise.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from tests.faults.fleet import Fleet, serving
from tests.faults.village import settle_village

SHOWN = 20
PARTS = 10
"""In which the operations are done; in the midst of them the database is as if it had been restored."""


class Run:
    """Prints figures and remembers the wrong ones."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.wrong = 0

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:7.0f} s  {what}", flush=True)

    def none_of(self, what: str, found: Sequence[object]) -> None:
        """Print how many there are; each is wrong."""
        self.wrong += len(found)
        self.say(f"{'✓' if not found else '✗'} {what}: {len(found)}")
        for each in found[:SHOWN]:
            print(f"           {each}")

    def all_of(self, what: str, reached: int, of: int) -> None:
        self.wrong += of - reached
        self.say(f"{'✓' if reached == of else '✗'} {what}: {reached} of {of}")


async def live(run: Run, url: str, directory: Path, given: argparse.Namespace) -> None:
    village = await settle_village(url, phones=given.phones)
    with serving(directory, url, processes=given.processes) as ports:
        fleet = Fleet(village, ports=ports, seed=given.seed)
        run.say(f"{given.phones} phones in {len(village.branches)} branches, seed {given.seed}")
        await fleet.begin()
        run.say("everybody is signed in")
        for part in range(PARTS):
            if part == PARTS // 2:
                await village.restored()
            done, due = (given.operations * each // PARTS for each in (part, part + 1))
            await fleet.live(due - done)
            run.say(f"{fleet.seen['operations']} operations were done on the phones, {fleet.seen['requests']} requests")
        await fleet.rest()
        run.say("every outbox is empty")
        ledger = fleet.ledger
        accepted = sum(ledger.accepted_kinds.values())
        run.say(f"accepted {accepted}, refused {sum(ledger.refusals.values())}, of which in doubt {ledger.doubts}")
        for kind, count in ledger.accepted_kinds.most_common():
            print(f"           {count:>7} {kind}")
        print("           refused:")
        for kind, count in ledger.refusals.most_common():
            print(f"           {count:>7} {kind}")
        verdicts = list(ledger.verdicts(url))
        run.none_of("effects doubled", [line for verdict, line in verdicts if verdict == "doubled"])
        run.none_of("effects lost", [line for verdict, line in verdicts if verdict == "lost"])
        await village.guest_goes_home()
        run.none_of("stores unequal to a fresh one", await fleet.unequal_stores())
        run.none_of("pages called unchanged that are not", await fleet.stale_pages())
        lived = fleet.seen
        for what, count in sorted(lived.items()):
            print(f"           {count:>7} {what}")
        run.all_of("answers that were no server errors", lived["requests"] - lived["server errors"], lived["requests"])
        run.all_of("phones that stayed signed in", given.phones - lived["sessions lost"], given.phones)
        await fleet.refresh(given.refreshes)
        run.say(f"{given.refreshes} refreshes, {fleet.seen['answers cut'] - lived['answers cut']} answers cut")
        lost = fleet.seen["sessions lost"] - lived["sessions lost"]
        run.all_of("refreshes that kept the session", given.refreshes - lost, given.refreshes)
        run.none_of("installations without exactly one session", fleet.odd_installations())
        robbed, caught = await fleet.steal()
        run.all_of("stolen tokens that ended their family", caught, robbed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=200)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--refreshes", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2, help="of the API; each connection goes to any of them")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    run = Run()
    with tempfile.TemporaryDirectory(prefix="sotay-phones-") as made:
        home = Path(made)
        home.chmod(0o755)  # PostgreSQL's user passes through
        with EmbeddedPostgres(home / "data", durable=False) as postgres:
            migrate(postgres.url)
            asyncio.run(live(run, postgres.url, home, given))
    sys.exit(1 if run.wrong else 0)


if __name__ == "__main__":
    main()

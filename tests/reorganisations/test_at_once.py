"""A merge among readers, on a database that really commits; at length by scripts/check-reorganisation."""

import os
from pathlib import Path

from httpx import ASGITransport

from app.kernel.db import PooledDatabase
from app.kernel.passwords import Passwords
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.factories.clock import FakeClock
from tests.reorganisations.upheaval import Upheaval, set_scene

READERS = int(os.environ.get("SOTAY_READERS", "12"))
BRANCHES = int(os.environ.get("SOTAY_BRANCHES", "12"))
ROUNDS = int(os.environ.get("SOTAY_ROUNDS", "1"))


async def test_whoever_reads_during_a_merge_sees_what_was_before_or_what_came_after(
    live_database_url: str, keys: TokenKeys, passwords: Passwords, clock: FakeClock, tmp_path: Path
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=READERS + 3, statement_timeout_ms=30_000)
    settings = Settings(data_dir=tmp_path, public_url="http://sotay.test", rate_limit_per_minute=0)
    app = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=keys))
    scene = await set_scene(database, branches=BRANCHES, readers=READERS)

    outcome = await Upheaval(ASGITransport(app), keys, clock, scene).run(rounds=ROUNDS)

    said = f"{len(scene.readers)} readers, {BRANCHES} branches: {dict(outcome.reads)}, wrong: {len(outcome.wrong)}"
    print(said)  # noqa: T201 for whoever runs it at length
    await database.close()
    assert outcome.wrong == []
    assert min(outcome.reads["before"], outcome.reads["after"]) >= len(scene.readers)

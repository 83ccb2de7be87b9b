"""A merge among readers, on a database that really commits; at length by scripts/check-reorganisation."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from httpx import ASGITransport, AsyncClient

from app.identity.queries import find_actor
from app.kernel.clock import Clock, system_clock
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.i18n import Locale
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.security import Actor, Authenticate
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from app.reorganisations.schemas import Merge
from app.reorganisations.service import merge_organisations
from tests.factories.clock import FakeClock
from tests.reorganisations.scene import Scene, find_scene, make_scene
from tests.reorganisations.upheaval import Outcome, Unfrozen, Upheaval, from_afar

READERS = int(os.environ.get("SOTAY_READERS", "8"))
BRANCHES = int(os.environ.get("SOTAY_BRANCHES", "8"))
ROUNDS = int(os.environ.get("SOTAY_ROUNDS", "1"))
ROUND_TRIPS = int(os.environ.get("SOTAY_ROUND_TRIPS", "0"))


@contextmanager
def running(
    database: PooledDatabase, keys: TokenKeys, passwords: Passwords, tmp_path: Path, *, round_trips: int = 0
) -> Iterator[ASGITransport]:
    """The API in this process; `round_trips` lie between asking who reads and reading."""
    settings = Settings(data_dir=tmp_path, public_url="http://sotay.test", rate_limit_per_minute=0)
    app = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=keys))
    app.state.authenticate = from_afar(app.state.authenticate, round_trips=round_trips)
    yield ASGITransport(app)


def say(outcome: Outcome, scene: Scene, began: float) -> None:
    print(  # noqa: T201 for whoever runs it at length
        f"{len(scene.readers)} readers, {scene.branches} branches: {dict(outcome.reads)}, wrong: {len(outcome.wrong)},"
        f" phones as fresh ones: {outcome.phones}; {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}"
    )


@contextmanager
def province() -> Iterator[EmbeddedPostgres]:
    """The one that scripts/check-reorganisation has made up; each run merges two communes of it for good."""
    with EmbeddedPostgres(Path(os.environ["SOTAY_PROVINCE"])) as server:
        yield server


async def test_whoever_reads_during_a_merge_sees_what_was_before_or_what_came_after(
    live_database_url: str, keys: TokenKeys, passwords: Passwords, clock: FakeClock, tmp_path: Path
) -> None:
    with ExitStack() as held:
        url: str = live_database_url
        at: Clock = clock
        is_province = "SOTAY_PROVINCE" in os.environ
        if is_province:
            url, at = held.enter_context(province()).url, system_clock
        database = PooledDatabase(url, clock=at, pool_size=READERS + 3, statement_timeout_ms=60_000)
        app = held.enter_context(running(database, keys, passwords, tmp_path, round_trips=ROUND_TRIPS))
        if is_province:
            scene = await find_scene(database, readers=READERS)
        else:
            scene = await make_scene(database, branches=BRANCHES, readers=READERS)

        began = time.monotonic()
        outcome = await Upheaval(app, keys, at, scene).run(rounds=ROUNDS)

        say(outcome, scene, began)
        await database.close()
    assert outcome.wrong == []
    assert outcome.phones == len(scene.readers)
    assert min(outcome.reads["before"], outcome.reads["after"]) >= len(scene.readers)


async def test_the_same_readers_find_the_merge_by_halves_where_a_read_is_not_of_one_instant(
    live_database_url: str, keys: TokenKeys, passwords: Passwords, clock: FakeClock, tmp_path: Path
) -> None:
    database = Unfrozen(live_database_url, clock=clock, pool_size=27, statement_timeout_ms=30_000)
    scene = await make_scene(database, branches=4, readers=24)

    began = time.monotonic()
    with running(database, keys, passwords, tmp_path, round_trips=20) as app:
        outcome = await Upheaval(app, keys, clock, scene).run(rounds=1)

    say(outcome, scene, began)
    await database.close()
    assert outcome.wrong


async def test_a_merge_between_asking_who_reads_and_reading_is_not_seen_by_halves(
    live_database_url: str, keys: TokenKeys, passwords: Passwords, clock: FakeClock, tmp_path: Path
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=3, statement_timeout_ms=30_000)
    settings = Settings(data_dir=tmp_path, public_url="http://sotay.test", rate_limit_per_minute=0)
    app = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=keys))
    scene = await make_scene(database, branches=4, readers=2)
    identify: Authenticate = app.state.authenticate

    async def identify_and_merge(session: Session, token: str) -> Actor:
        actor = await identify(session, token)
        app.state.authenticate = identify
        async with transaction(database) as other:
            person = scene.administrator
            administrator = await find_actor(other, session_id=person.session_id, account_id=person.account_id)
            assert administrator is not None
            body = Merge(into_id=scene.lasting)
            await merge_organisations(other, administrator, scene.ending, body, locale=Locale.vi)
        return actor

    app.state.authenticate = identify_and_merge
    reader = scene.readers[0]
    # Not of the home screen, which asks both in one statement.
    documents = next(one for one in reader.addresses if one.path.startswith("/v1/documents"))
    token = keys.issue(
        account_id=reader.person.account_id, session_id=reader.person.session_id, token_id=uuid4(), now=clock()
    )
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test", headers=headers) as client:
        during = documents.saw(await client.get(documents.path))
        later = documents.saw(await client.get(documents.path))

    assert (during, later) == (documents.before, documents.after)
    await database.close()

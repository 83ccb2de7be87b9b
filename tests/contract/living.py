"""The whole application on a port, over a database that really commits: what generated clients meet."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import uvicorn
from argon2 import PasswordHasher
from sqlalchemy import select, text

from app.documents.models import Document
from app.documents.store import DocumentStore
from app.kernel.db import PooledDatabase, commit
from app.kernel.passwords import Passwords
from app.kernel.pokes import Pokes
from app.kernel.roles import Role
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from app.meetings.models import MeetingStatus
from tests.contract.cast import Cast, make_cast
from tests.contract.things import FEATURES, make_things
from tests.factories.clock import FakeClock
from tests.factories.world import Person


@dataclass(frozen=True, slots=True)
class Living:
    """A running server, its people, and ids of things that exist, by the name of the path parameter they fit."""

    url: str
    world: Cast
    ids: dict[str, tuple[str, ...]]
    keys: TokenKeys
    clock: FakeClock

    def token(self, person: Person) -> str:
        """Make an access token of the session that the world gave somebody, whoever may still sign in."""
        return self.keys.issue(
            account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=self.clock()
        )


@contextmanager
def living(database_url: str, directory: Path) -> Iterator[Living]:
    """Fill the database, serve the application on a port of the system's choice, and stop it."""
    clock = FakeClock()
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), concurrency=4)
    settings = Settings(data_dir=directory, public_url="http://sotay.test", rate_limit_per_minute=0)
    world, ids = asyncio.run(_fill(database_url, clock, settings))
    keys = TokenKeys(directory, issuer="http://sotay.test")
    app = create_app(
        Parts(
            settings=settings,
            database=PooledDatabase(database_url, clock=clock, pool_size=4, statement_timeout_ms=2_000, role=Role.app),
            passwords=passwords,
            keys=keys,
        )
    )
    app.state.pokes = Pokes(app.state.database, longest=0)  # whoever reads an answer to its end must come to one
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer waits 40 ms for the caller's kernel.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()  # a caller that comes before the server waits
    thread = threading.Thread(target=lambda: server.run([listening]))
    thread.start()
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Living(url=url, world=world, ids=ids, keys=keys, clock=clock)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


async def _fill(database_url: str, clock: FakeClock, settings: Settings) -> tuple[Cast, dict[str, tuple[str, ...]]]:
    store = DocumentStore.open(None, directory=settings.documents_dir)
    database = PooledDatabase(database_url, clock=clock, pool_size=1, statement_timeout_ms=10_000)
    async with database.session() as session:
        world = await make_cast(session)
        things = await make_things(session, world, tuple(MeetingStatus))
        await session.execute(  # a worker that lives as long as the test
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (clock_timestamp() + interval '1 day')")
        )
        for key, size in await session.execute(select(Document.storage_key, Document.size_bytes)):
            await store.write(key, bytes(size))
        await commit(session)
    await database.close()
    people = (world.member, world.away, world.phoneless, world.former, world.sister_member, world.stranger)
    made = {
        name: tuple(str(things[thing]) for thing in fitting)
        for feature in FEATURES
        for name, fitting in feature.IDS.items()
    }
    return world, {
        **made,
        "meeting_id": tuple(str(things[status]) for status in MeetingStatus),
        "member_id": tuple(str(person.member_id) for person in people),
        "organisation_id": tuple(map(str, (world.branch_a, world.branch_b, world.commune, world.far_branch))),
        "installation_id": (str(world.member.installation_id), str(world.secretary.installation_id)),
        "away_period_id": (str(things["away_period"]),),
        "post_id": (str(things["post"]),),
        "notification_id": (str(things["notification"]),),
    }

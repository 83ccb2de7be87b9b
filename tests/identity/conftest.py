"""An app on a database that really commits, for what must survive a refusal or be seen by two requests at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient

from app.kernel.passwords import Passwords
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.factories.clock import FakeClock, OneClockDatabase
from tests.factories.world import Person, World, make_world
from tests.identity.steps import SignedIn, bearer
from tests.worker import JobRunner


@dataclass(frozen=True, slots=True)
class LiveApp:
    """The app, its caller, its people; what it commits stays."""

    client: AsyncClient
    database: OneClockDatabase
    world: World
    clock: FakeClock
    jobs: JobRunner
    signed_in: SignedIn


@pytest.fixture
async def live_app(
    live_database_url: str, clock: FakeClock, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> AsyncIterator[LiveApp]:
    database = OneClockDatabase(live_database_url, clock=clock, pool_size=10, statement_timeout_ms=5_000)
    async with database.session() as session:
        world = await make_world(session)
        await session.commit()
    app = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=keys))
    transport = ASGITransport(app, raise_app_exceptions=False)

    def signed_in(person: Person) -> AsyncClient:
        token = keys.issue(account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=clock())
        return AsyncClient(transport=transport, base_url="http://sotay.test", headers=bearer(token))

    async with AsyncClient(transport=transport, base_url="http://sotay.test") as client:
        yield LiveApp(client, database, world, clock, JobRunner(database, clock), signed_in)
    await database.close()

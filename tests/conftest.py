"""The ground every test stands on: a real PostgreSQL built by the migrations, a clock, and people who are signed in."""

import asyncio
import gc
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Executable, NullPool, Row
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.documents.store import DocumentStore
from app.kernel.db import PooledDatabase, Question, Session
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.pokes import Pokes
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.roles import Role
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, build_app, furnish
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World, make_world
from tests.recording import recording
from tests.worker import JobRunner

# The application, its document and the libraries live to the end: looking through them again and again, as the defaults
# would, takes a tenth of the time.
gc.set_threshold(100_000, 50, 1_000)
# How long one example takes says how busy the machine is.
hypothesis.settings.register_profile("sotay", deadline=None)
hypothesis.settings.load_profile("sotay")

_server = pytest.StashKey[EmbeddedPostgres]()
_admin_url = pytest.StashKey[str]()
_template = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Start one server for the whole run and build one template database by the migrations."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:  # an xdist worker: the controller has done it
        config.stash[_admin_url] = workerinput["admin_url"]
        config.stash[_template] = workerinput["template"]
        return
    given = os.environ.get("SOTAY_TEST_DATABASE_URL")
    if given is None:
        home = Path(tempfile.mkdtemp(prefix="sotay-tests-"))
        server = EmbeddedPostgres(home, durable=False)
        server.start()
        config.stash[_server] = server
        given = server.admin_url
    config.stash[_admin_url] = given
    config.stash[_template] = f"sotay_template_{os.getpid()}"
    migrate(_create(given, config.stash[_template], template=None))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long at the head of the equal parts that xdist's workers begin with, so that it ends early."""
    workers: int = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    long: dict[tuple[float, Path], list[pytest.Item]] = {}
    others: list[pytest.Item] = []
    for item in items:
        mark = item.get_closest_marker("begins_first")
        (others if mark is None else long.setdefault((*mark.args, item.path), [])).append(item)
    heads: list[list[pytest.Item]] = [[] for _ in range(workers)]
    seconds = [0.0] * workers
    for (takes, _), group in sorted(long.items(), key=lambda one: one[0], reverse=True):
        freest = seconds.index(min(seconds))
        heads[freest] += group
        seconds[freest] += takes
    items.clear()
    left = len(others) + sum(map(len, heads))
    for place, head in enumerate(heads):
        part = left // (workers - place)
        items += head + others[: max(0, part - len(head))]
        del others[: max(0, part - len(head))]
        left -= part
    items += others


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # Any: xdist's worker controller has no public type
    node.workerinput["admin_url"] = node.config.stash[_admin_url]
    node.workerinput["template"] = node.config.stash[_template]


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if _template in config.stash:
        _drop(config.stash[_admin_url], config.stash[_template])
    server = config.stash.get(_server, None)
    if server is not None:
        server.stop()


def _admin(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _create(admin_url: str, name: str, *, template: str | None) -> str:
    with _admin(admin_url) as connection:
        connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return make_url(admin_url).set(database=name).render_as_string(hide_password=False)


def _drop(admin_url: str, name: str) -> None:
    with _admin(admin_url) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_engine(request: pytest.FixtureRequest) -> Iterator[AsyncEngine]:
    """A migrated database of this worker process; tests roll back what they do in it.

    On one connection, again and again: a new one knows no table yet and no statement, which took a tenth of the time.
    """
    with database_of_its_own(request) as url:
        engine = create_async_engine(url, pool_size=1)
        yield engine
        asyncio.run(engine.dispose())


@pytest.fixture(scope="session")
def peopled(request: pytest.FixtureRequest) -> Iterator[tuple[AsyncEngine, World]]:
    """Another one that the world lives in: made once, since it takes longer than most tests."""

    async def people(engine: AsyncEngine) -> World:
        async with Session(engine, clock=FakeClock(), expire_on_commit=False) as session:
            made = await make_world(session)
            await session.commit()
            return made

    with database_of_its_own(request) as url:
        made = asyncio.run(people(create_async_engine(url, poolclass=NullPool)))
        engine = create_async_engine(url, pool_size=1)
        yield engine, made
        asyncio.run(engine.dispose())


@contextmanager
def database_of_its_own(request: pytest.FixtureRequest) -> Iterator[str]:
    admin_url = request.config.stash[_admin_url]
    name = f"sotay_test_{uuid4().hex[:12]}"
    yield _create(admin_url, name, template=request.config.stash[_template])
    _drop(admin_url, name)


@pytest.fixture
def live_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own, for what must really commit or be seen by other processes."""
    with database_of_its_own(request) as url:
        yield url


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


# What a connection of the pool has and forgets with its transaction: the role, and who asks.
_STATE = (
    "role",
    *(f"sotay.{name}" for name in ("account_id", "member_id", "path", "homes", "ended", "seats", "sight", "roots")),
    "sotay.keys",
)
_READ_STATE = "SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in _STATE)
_SET_STATE = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _STATE)


class RolledBackDatabase:
    """Sessions on one connection inside an outer transaction: a commit is a savepoint's, and nothing remains.

    Factories write as the owner; what the application does, it does in its role, as on connections of its own.
    """

    def __init__(self, connection: AsyncConnection, clock: FakeClock, role: Role | None = None) -> None:
        self._connection = connection
        self._clock = clock
        self._role = role
        self.asked: list[tuple[Question, list[Any]]] = []
        """The questions, with their values (Any): SQLAlchemy, whose events tell of all else, never sees them."""

    def acting_as(self, role: Role) -> "RolledBackDatabase":
        acting = RolledBackDatabase(self._connection, self._clock, role)
        acting.asked = self.asked
        return acting

    @asynccontextmanager
    async def _in_role(self) -> AsyncIterator[None]:
        if self._role is None:
            yield
            return
        # Past SQLAlchemy, so that whoever counts statements counts the application's.
        driver = (await self._connection.get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        before = await (await driver.execute(_READ_STATE)).fetchone()
        await driver.execute(_SET_STATE, [self._role.value, *([""] * (len(_STATE) - 1))])
        try:
            yield
        finally:
            await driver.execute(_SET_STATE, before)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        async with (
            self._in_role(),
            Session(
                self._connection,
                clock=self._clock,
                join_transaction_mode="create_savepoint",
                expire_on_commit=False,
            ) as session,
        ):
            yield session

    async def freeze(self, session: Session) -> None:
        """Nothing: one connection has one instant already."""

    async def at_once(self, statement: Executable, parameters: Mapping[str, Any]) -> Row[Any]:
        async with self._in_role():
            return (await self._connection.execute(statement, parameters)).one()

    def now(self) -> datetime:
        return self._clock()

    async def read(self, question: Question, given: Mapping[str, Any]) -> Sequence[Any] | None:
        values = question.values(given)
        self.asked.append((question, values))
        driver = (await self._connection.get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        async with self._in_role():
            return await (await psycopg.AsyncRawCursor(driver).execute(question.sql, values)).fetchone()

    async def synchronise(self, session: Session) -> None:
        """Nothing: there is one clock, the test's."""

    async def vacuum(self, *tables: str) -> None:
        """Nothing: no transaction may hold it."""

    async def close(self) -> None:
        pass


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> AsyncEngine:
    """The database with the world in it for a test that asks for the world, the empty one for any other."""
    if "world" in request.fixturenames:
        peopled: tuple[AsyncEngine, World] = request.getfixturevalue("peopled")
        return peopled[0]
    empty: AsyncEngine = request.getfixturevalue("empty_engine")
    return empty


@pytest.fixture
async def database(engine: AsyncEngine, clock: FakeClock) -> AsyncIterator[RolledBackDatabase]:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        driver.lock = asyncio.Lock()  # one that was waited for belongs to the loop of the test before
        outer = await connection.begin()
        yield RolledBackDatabase(connection, clock)
        await outer.rollback()


@pytest.fixture(scope="session")
def keys_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def keys(keys_directory: Path) -> TokenKeys:
    return TokenKeys(keys_directory, issuer="http://sotay.test")


def cheap_passwords() -> Passwords:
    """As cheap as Argon2 gets: what is tested is the use of it."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), concurrency=4)


@pytest.fixture
def passwords() -> Passwords:
    return cheap_passwords()


@pytest.fixture(scope="session")
def usual_settings() -> Settings:
    return Settings(public_url="http://sotay.test", rate_limit_per_minute=0)


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path) -> Settings:
    return usual_settings.model_copy(update={"data_dir": tmp_path})


@pytest.fixture(scope="session")
def built() -> FastAPI:
    """The application, once: its routes are analysed at their first request."""
    return build_app()


@pytest.fixture
def app(
    built: FastAPI,
    database: RolledBackDatabase,
    settings: Settings,
    keys: TokenKeys,
    passwords: Passwords,
) -> FastAPI:
    asked = database.acting_as(Role.app)
    figures = database.acting_as(Role.worker)
    furnish(built, Parts(settings=settings, database=asked, passwords=passwords, keys=keys, figures=figures))
    built.state.pokes = Pokes(asked, longest=0)  # httpx hands over whole answers: a stream must end by itself
    return built


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A caller nobody knows."""
    async with AsyncClient(
        transport=ASGITransport(app, raise_app_exceptions=False),
        base_url="http://sotay.test",
        event_hooks=recording(app),
    ) as client:
        yield client


@pytest.fixture
def world(peopled: tuple[AsyncEngine, World]) -> World:
    """One commune with two branches, another commune, and everybody an access rule speaks of."""
    return peopled[1]


@pytest.fixture
def signed_in(app: FastAPI, keys: TokenKeys, clock: FakeClock) -> Callable[[Person], AsyncClient]:
    """Return a caller signed in as the person; the session's row is made by the world."""

    def client_of(person: Person) -> AsyncClient:
        token = keys.issue(account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=clock())
        return AsyncClient(
            transport=ASGITransport(app, raise_app_exceptions=False),
            base_url="http://sotay.test",
            headers={"Authorization": f"Bearer {token}"},
            event_hooks=recording(app),
        )

    return client_of


@pytest.fixture
def jobs(database: RolledBackDatabase, clock: FakeClock, settings: Settings) -> JobRunner:
    """Runs what the transaction deferred, as a worker would, and keeps what reached the phones."""
    documents = DocumentStore.open(settings.documents_url, directory=settings.documents_dir)
    return JobRunner(database.acting_as(Role.worker), clock, documents)


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    """A database that really commits, for two requests that meet, whoever holds a row, and one to watch."""
    database = PooledDatabase(live_database_url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    yield database
    await database.close()


@pytest.fixture
async def people(live: PooledDatabase) -> World:
    async with live.session() as session:
        made = await make_world(session)
        await session.commit()
        return made


@pytest.fixture
def client_of(
    built: FastAPI, live: PooledDatabase, clock: FakeClock, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> Callable[[Person], AsyncClient]:
    furnish(built, Parts(settings=settings, database=live, passwords=passwords, keys=keys))

    def sign_in(person: Person) -> AsyncClient:
        token = keys.issue(account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=clock())
        return AsyncClient(
            transport=ASGITransport(built, raise_app_exceptions=False),
            base_url="http://sotay.test",
            headers={"Authorization": f"Bearer {token}"},
        )

    return sign_in

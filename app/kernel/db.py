"""The database: naming of constraints, the engine, and the session that commits at the edge."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from fastapi import Depends, Request
from psycopg.conninfo import make_conninfo
from sqlalchemy import DateTime, Enum, Executable, MetaData, Row, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.kernel import scopes
from app.kernel.clock import Clock
from app.kernel.context import AskingSession
from app.kernel.ids import new_id
from app.kernel.roles import Role, acting_as

_HOME = ZoneInfo("Asia/Ho_Chi_Minh")
_READERS = 4
"""Connections of a process for what is read at once: each is held for a statement alone, so a few serve many."""
_READER_PATIENCE_SECONDS = 5.0
"""How long a read waits for one of them: then they hang, and so would it."""
NOTICING_SILENCE: Mapping[str, int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Parameters of every connection: one whose host has vanished without a word is given up after 15 to 25 seconds.

By the kernel's defaults it takes a quarter of an hour, or two hours where only an answer is waited for. In seconds, the
last in milliseconds; a socket of this machine knows none of it.
"""


def day_of(moment: datetime) -> date:
    """Return the day that an instant was in Việt Nam: standings, posts and away periods begin and end with its days."""
    return moment.astimezone(_HOME).date()


@dataclass(frozen=True, slots=True)
class Question:
    """A statement as the server takes it (`$1`…), and the names of its parameters in their order."""

    sql: str
    names: tuple[str, ...]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the parameters; what is not given is null. Any: of any types."""
        return [given.get(name) for name in self.names]


class Base(DeclarativeBase):
    """Every table; constraint names are made by rule, so that a migration can name what it drops."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 SQLAlchemy reads a plain dict
        datetime: DateTime(timezone=True),
        # Text, not a PostgreSQL enum: a new value must need no lock on the table.
        StrEnum: Enum(StrEnum, native_enum=False, length=20, create_constraint=False),
    }


class Session(AsyncSession):
    """One unit of work: a transaction, the instant it happens at, and the changes it will announce."""

    sync_session_class = AskingSession

    def __init__(self, bind: Any = None, *, clock: Clock, **options: Any) -> None:
        """Any: SQLAlchemy's own bind and options are passed through untouched."""
        super().__init__(bind, **options)
        self.moment: datetime = clock()
        self.changes: list[scopes.Change] = []
        self._ids = itertools.count()

    def now(self) -> datetime:
        """Return the instant of this unit of work (aware, UTC): one for all it writes."""
        return self.moment

    def today(self) -> date:
        """Return the day it is in Việt Nam."""
        return day_of(self.moment)

    def day_of(self, moment: datetime) -> date:
        """Return the day that an instant was in Việt Nam."""
        return day_of(moment)

    def new_id(self) -> UUID:
        """Return a fresh UUIDv7 of this unit of work's instant, after those it made before."""
        return new_id(self.moment, count=next(self._ids))


class Database(Protocol):
    """What the application asks of its database; tests hand in one that never commits for good."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session of its own; what is not committed through `commit` is rolled back."""
        ...

    async def freeze(self, session: Session) -> None:
        """Make all that the session will read be of one instant; before its first statement."""
        ...

    async def at_once(self, statement: Executable, parameters: Mapping[str, Any]) -> Row[Any]:
        """Run one statement that the server commits by itself, and return its one row; Any: of any columns."""
        ...

    def now(self) -> datetime:
        """Return the present instant (aware, UTC)."""
        ...

    async def read(self, question: Question, given: Mapping[str, Any]) -> Sequence[Any] | None:
        """Ask a question, all of one instant, in one round trip; return its one row, if any; Any: of any columns."""
        ...

    async def synchronise(self, session: Session) -> None:
        """Move the session to the present instant of the clock that all processes share."""
        ...

    async def vacuum(self, *tables: str) -> None:
        """Sweep the rows that nobody can see any more out of the tables' pages."""
        ...

    async def close(self) -> None:
        """Give back every connection."""
        ...


class _Readers:
    """Connections of the driver alone; on each a statement is a transaction, of one instant, which writes nothing.

    A statement is planned once a connection, since to plan it takes longer than to answer it; new statistics have it
    planned anew.
    """

    def __init__(self, url: str, *, options: str) -> None:
        options = (
            f"{options} -c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
            " -c plan_cache_mode=force_generic_plan"
        )
        self._conninfo = make_conninfo(url, options=options, **NOTICING_SILENCE)
        self._patience = _READER_PATIENCE_SECONDS
        self._free = asyncio.Semaphore(_READERS)
        self._idle: list[psycopg.AsyncConnection[tuple[Any, ...]]] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
        await self._wait()
        try:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                yield connection
            except BaseException as error:
                await connection.close()
                if isinstance(error, psycopg.OperationalError):
                    await self.close()  # the server is gone, and with it the others
                raise
            self._idle.append(connection)
        finally:
            self._free.release()

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise PoolTimeout("no reader became free") from None

    async def _connect(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        return await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, cursor_factory=psycopg.AsyncRawCursor
        )


class PooledDatabase:
    """A pool of connections to one PostgreSQL."""

    def __init__(
        self, url: str, *, clock: Clock, pool_size: int, statement_timeout_ms: int, role: Role | None = None
    ) -> None:
        """Open nothing yet; the first session does. A statement that takes longer than the timeout fails.

        Without a `role` the connections have the rights of the one that the URL names.
        """
        options = f"-c statement_timeout={statement_timeout_ms} -c timezone=UTC {acting_as(role)}".rstrip()
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,  # errors are logged, and phone numbers are parameters
            connect_args={"options": options, **NOTICING_SILENCE},
        )
        self._sessions: Callable[[], Session] = async_sessionmaker(
            self.engine, class_=Session, expire_on_commit=False, clock=clock
        )
        self._clock = clock
        self._readers = _Readers(
            self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False), options=options
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open a session; roll back what was not committed."""
        async with self._sessions() as session:
            yield session

    async def freeze(self, session: Session) -> None:
        """Begin the transaction as REPEATABLE READ; the connection forgets it on its way back to the pool."""
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})

    async def at_once(self, statement: Executable, parameters: Mapping[str, Any]) -> Row[Any]:
        """See `Database.at_once`; one round trip, and what it locks is free however long this process stands still."""
        async with self.engine.connect() as connection:
            apart = await connection.execution_options(isolation_level="AUTOCOMMIT")
            return (await apart.execute(statement, parameters)).one()

    def now(self) -> datetime:
        """Return what the clock says."""
        return self._clock()

    async def read(self, question: Question, given: Mapping[str, Any]) -> Sequence[Any] | None:
        """See `Database.read`; by the driver alone, since SQLAlchemy costs more than the question."""
        async with self._readers.one() as connection:
            found = await connection.execute(question.sql, question.values(given), prepare=True)
            return await found.fetchone()

    async def synchronise(self, session: Session) -> None:
        """Ask the database for the time; every other clock may be wrong by minutes."""
        session.moment = (await session.execute(select(func.clock_timestamp()))).scalar_one()

    async def vacuum(self, *tables: str) -> None:
        """Run VACUUM, which no transaction may hold; rows that an older one still sees stay.

        From PostgreSQL 17 on the workers' role may; before, only the owner, so it is done as who signed in.
        """
        quoted = ", ".join(self.engine.dialect.identifier_preparer.quote(table) for table in tables)
        async with self.engine.connect() as connection:
            apart = await connection.execution_options(isolation_level="AUTOCOMMIT")
            may_itself = (connection.dialect.server_version_info or ()) >= (17,)
            if not may_itself:
                await apart.execute(text("SET ROLE NONE"))
            await apart.execute(text(f"VACUUM {quoted}"))
            if not may_itself:
                await apart.execute(text("RESET ROLE"))

    async def close(self) -> None:
        """Close the pools."""
        await self._readers.close()
        await self.engine.dispose()


async def commit(session: Session) -> None:
    """End the unit of work: bump the counters of the scopes it touched, last and in id order, and commit.

    Only the edges call this: the request's dependency below, a worker's task, a command of `sotay`; a route, for the
    trace of what its refusal shows.
    """
    await scopes.bump(session, session.changes, at=session.now())
    session.changes.clear()
    await session.commit()


@asynccontextmanager
async def transaction(database: Database) -> AsyncIterator[Session]:
    """Run one unit of work outside a request and commit it when the block ends without an error."""
    async with database.session() as session:
        yield session
        await commit(session)


@asynccontextmanager
async def synchronised(database: Database) -> AsyncIterator[Session]:
    """Like `transaction`, at an instant of the database's clock: for what workers leave each other to go on with."""
    async with transaction(database) as session:
        await database.synchronise(session)
        yield session


def independently(request: Request) -> AbstractAsyncContextManager[Session]:
    """Open a unit of work that survives the refusal of the request: a failed-login count, a revoked family."""
    return transaction(request.app.state.database)


async def _unit_of_work(request: Request) -> AsyncIterator[Session]:
    async with request.app.state.database.session() as session:
        yield session
        await commit(session)


# With FastAPI's default scope ("request") the commit would come after the answer has left:
# a commit that fails would still have said 201.
DbSession = Annotated[Session, Depends(_unit_of_work, scope="function")]


async def _freeze(request: Request, session: DbSession) -> None:
    if request.method == "GET":
        await request.app.state.database.freeze(session)


ONE_SNAPSHOT = Depends(_freeze)
"""For `dependencies=[…]` of all routes: what a GET reads, the Actor's rights first, is of one instant.

A reorganisation moves members, rights and papers in one transaction: who read the rights before it and the papers
after it would see neither what was nor what is.
"""


@asynccontextmanager
async def unless_overtaken(session: Session) -> AsyncIterator[None]:
    """Write something beside a read, unless another request has written it since the read's instant."""
    try:
        async with session.begin_nested():
            yield
    except OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.SerializationFailure):
            raise

"""What the tests of every operation share."""

import asyncio
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.kernel.db import Session
from app.meetings.models import MeetingStatus
from tests.conftest import database_of_its_own
from tests.contract.cast import make_cast
from tests.contract.document import APP
from tests.contract.roles import Things
from tests.contract.things import make_things
from tests.factories.clock import FakeClock
from tests.factories.world import World


@pytest.fixture(scope="session")
def furnished(request: pytest.FixtureRequest) -> Iterator[tuple[AsyncEngine, World, Things]]:
    """A database with the world and something of everything in it, made once a process."""
    statuses = (MeetingStatus.draft, MeetingStatus.announced, MeetingStatus.in_session)

    async def furnish(engine: AsyncEngine) -> tuple[World, Things]:
        async with Session(engine, clock=FakeClock(), expire_on_commit=False) as session:
            world = await make_cast(session)
            things = await make_things(session, world, statuses)
            await session.commit()
            return world, things

    with database_of_its_own(request) as url:
        engine = create_async_engine(url, poolclass=NullPool)
        yield engine, *asyncio.run(furnish(engine))


@pytest.fixture(scope="session")
def built() -> FastAPI:
    """The application that the document was read from."""
    return APP


@pytest.fixture
def engine(furnished: tuple[AsyncEngine, World, Things]) -> AsyncEngine:
    return furnished[0]


@pytest.fixture
def world(furnished: tuple[AsyncEngine, World, Things]) -> World:
    return furnished[1]


@pytest.fixture
def things(furnished: tuple[AsyncEngine, World, Things]) -> Things:
    """A draft, an announced meeting and one in session, a notice, a time away, a post, and what each feature adds."""
    return furnished[2]

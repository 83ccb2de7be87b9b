"""The world as phones are told of it, and two who ask."""

import pytest
from httpx import AsyncClient

from tests.changes.phones import announce_world
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import SignedIn
from tests.factories.world import World


@pytest.fixture
async def told(world: World, database: RolledBackDatabase) -> None:
    del world
    await announce_world(database)


@pytest.fixture
def member(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.member)


@pytest.fixture
def secretary(world: World, signed_in: SignedIn) -> AsyncClient:
    return signed_in(world.secretary)

"""What each role gets of privacy: the things asked about, and a row for each operation."""

from app.kernel.db import Session
from tests.contract.roles import SIGNED_IN, Row, Things
from tests.factories.world import World

ROWS: tuple[Row, ...] = (Row("exportMyData", SIGNED_IN),)

IDS: dict[str, tuple[str, ...]] = {}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make nothing yet."""
    del session, world, things
    return {}

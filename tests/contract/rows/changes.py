"""What each role gets of catching up: everybody signed in has something to hear of."""

from app.kernel.db import Session
from app.kernel.scopes import Change, bump
from tests.contract.roles import SIGNED_IN, Row, Things
from tests.factories.changes import tell_of_world
from tests.factories.world import World

ROWS: tuple[Row, ...] = (Row("getChanges", SIGNED_IN),)

IDS: dict[str, tuple[str, ...]] = {}
"""No path parameter."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Write the change rows of the world and of some things in branch A, so that pages hold something."""
    await tell_of_world(session)
    named = {"announced": "meeting", "in_session": "roll", "open_poll": "poll", "entry": "activity_entry"}
    told = [Change(world.branch_a, kind, things[name], 1) for name, kind in named.items()]
    await bump(session, told, at=session.now())
    return {}

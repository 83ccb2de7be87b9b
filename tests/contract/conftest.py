"""What the tests of every operation share."""

import pytest

from app.meetings.models import MeetingStatus
from tests.conftest import RolledBackDatabase
from tests.contract.things import Things, make_things
from tests.factories.world import World


@pytest.fixture
async def things(database: RolledBackDatabase, world: World) -> Things:
    """A draft, an announced meeting and one in session, a notice, a time away, a post."""
    statuses = (MeetingStatus.draft, MeetingStatus.announced, MeetingStatus.in_session)
    async with database.session() as session:
        made = await make_things(session, world, statuses)
        await session.commit()
        return made

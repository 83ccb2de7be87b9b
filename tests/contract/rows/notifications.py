"""What each role gets of deliveries and of the reach: a row for each operation."""

from app.kernel.db import Session
from app.notifications.models import Delivery, Outcome
from tests.contract.roles import CHANGES_TREE, A, Row, Things, expect
from tests.factories.world import World

ROWS: tuple[Row, ...] = (
    # Only administrators see that something went out to some device; the organisers, whom it has not reached.
    Row("listDeliveries", CHANGES_TREE, path=A),
    Row("requeueDeliveries", CHANGES_TREE, path=A, body={"notification_id": "$notification"}),
    Row(
        "requeueDeliveries",
        expect(404, inside=403, administrator=404),
        path=A,
        body={"notification_id": "$convened"},
        why="of no notice",
    ),
    Row(
        "getMeetingReach",
        expect(404, branch=403, organisers="ok", officer="ok"),
        path={"meeting_id": "announced"},
    ),
    Row("getMeetingReach", expect(404, organisers="ok"), path={"meeting_id": "draft"}, why="still a draft"),
)


IDS: dict[str, tuple[str, ...]] = {}
"""The notices are everybody's: see `living`."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make a dead letter of the notice."""
    session.add(
        Delivery(
            notification_id=things["notification"],
            device_id=world.member.installation_id,
            outcome=Outcome.rejected,
            reason="INVALID_ARGUMENT message: no",
            finished_at=session.now(),
        )
    )
    await session.flush()
    return {}

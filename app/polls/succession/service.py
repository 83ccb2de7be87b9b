"""Command of a reorganisation on polls."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import update

from app.kernel.db import Session
from app.kernel.events import record
from app.polls.models import Poll, PollStatus
from app.polls.succession.events import PollsHandedOver


async def hand_over_polls(
    session: Session, subject_ids: Collection[UUID], *, former_id: UUID, successor_id: UUID, by: UUID | None
) -> None:
    """Make the drafts of polls about what is handed over the successor's; a poll that was closed stays where it was."""
    moved = await session.execute(
        update(Poll)
        .where(Poll.subject_id.in_(subject_ids), Poll.status == PollStatus.draft)
        .values(organisation_id=successor_id, version=Poll.version + 1)
        .returning(Poll.id, Poll.version),
        execution_options={"synchronize_session": False},
    )
    versions = {row.id: row.version for row in moved}
    if versions:
        fact = PollsHandedOver(
            organisation_id=successor_id,
            subject_id=successor_id,
            actor_member_id=by,
            former_id=former_id,
            versions=versions,
        )
        await record(session, fact)

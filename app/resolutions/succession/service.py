"""Command of a reorganisation on what a branch that ends had not decided."""

from uuid import UUID

from sqlalchemy import select, update

from app.kernel.db import Session
from app.kernel.events import record
from app.polls.succession.service import hand_over_polls
from app.resolutions.models import DECIDED, Resolution, ResolutionComment
from app.resolutions.succession.events import CommentsHandedOver, ResolutionsHandedOver


async def hand_over_resolutions(session: Session, former_id: UUID, *, successor_id: UUID, by: UUID | None) -> None:
    """Make undecided resolutions the successor's, with comments and the drafts of polls; what was decided stays."""
    moved = await session.execute(
        update(Resolution)
        .where(Resolution.organisation_id == former_id, Resolution.status.not_in(DECIDED))
        .values(organisation_id=successor_id, revision=Resolution.revision + 1)
        .returning(Resolution.id, Resolution.revision),
        execution_options={"synchronize_session": False},
    )
    revisions = {row.id: row.revision for row in moved}
    if not revisions:
        return
    names = {
        "organisation_id": successor_id,
        "subject_id": successor_id,
        "actor_member_id": by,
        "former_id": former_id,
    }
    await record(session, ResolutionsHandedOver.model_validate({**names, "versions": revisions}))
    comments = await session.execute(
        select(ResolutionComment.id, ResolutionComment.revision).where(ResolutionComment.resolution_id.in_(revisions))
    )
    said = {row.id: row.revision for row in comments}
    if said:
        await record(session, CommentsHandedOver.model_validate({**names, "versions": said}))
    await hand_over_polls(session, tuple(revisions), former_id=former_id, successor_id=successor_id, by=by)

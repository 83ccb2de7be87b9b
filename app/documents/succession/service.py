"""Command of a reorganisation on documents."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import update

from app.documents import queries
from app.documents.models import Document, Visibility
from app.documents.succession.events import DocumentsHandedOver
from app.kernel.db import Session
from app.kernel.events import record


async def hand_over_documents(
    session: Session, document_ids: Collection[UUID], *, former_id: UUID, successor_id: UUID, by: UUID | None
) -> None:
    """Put those of the documents that the former organisation shared into the successor's library."""
    moved = await session.execute(
        update(Document)
        .where(
            Document.id.in_(document_ids),
            Document.organisation_id == former_id,
            Document.visibility != Visibility.owner,
        )
        .values(organisation_id=successor_id, version=Document.version + 1)
        .returning(Document.id, Document.version),
        execution_options={"synchronize_session": False},
    )
    versions = {row.id: row.version for row in moved}
    if versions:
        fact = DocumentsHandedOver(
            organisation_id=successor_id,
            subject_id=successor_id,
            actor_member_id=by,
            former_id=former_id,
            versions=versions,
        )
        await record(session, fact)
        session.changes += await queries.find_bookmark_changes(session, versions)

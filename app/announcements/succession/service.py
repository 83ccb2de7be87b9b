"""Command of a reorganisation on what an organisation that ends had not published."""

from uuid import UUID

from sqlalchemy import select, update

from app.announcements.models import UNPUBLISHED, Announcement, AnnouncementDocument
from app.announcements.succession.events import AnnouncementsHandedOver
from app.documents.succession.service import hand_over_documents
from app.kernel.db import Session
from app.kernel.events import record


async def hand_over_announcements(session: Session, former_id: UUID, *, successor_id: UUID, by: UUID | None) -> None:
    """Make what is not published yet the successor's, with its documents; it then addresses the successor's people."""
    moved = await session.execute(
        update(Announcement)
        .where(Announcement.organisation_id == former_id, Announcement.status.in_(UNPUBLISHED))
        .values(organisation_id=successor_id, version=Announcement.version + 1)
        .returning(Announcement.id, Announcement.version),
        execution_options={"synchronize_session": False},
    )
    versions = {row.id: row.version for row in moved}
    if not versions:
        return
    fact = AnnouncementsHandedOver(
        organisation_id=successor_id,
        subject_id=successor_id,
        actor_member_id=by,
        former_id=former_id,
        versions=versions,
    )
    await record(session, fact)
    papers = select(AnnouncementDocument.document_id).where(AnnouncementDocument.announcement_id.in_(versions))
    await hand_over_documents(
        session, (await session.scalars(papers)).all(), former_id=former_id, successor_id=successor_id, by=by
    )

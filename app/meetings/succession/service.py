"""Commands of a reorganisation on the meetings and tasks of a branch that ends."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, union, update

from app.documents.succession.service import hand_over_documents
from app.kernel.db import Session
from app.kernel.events import record
from app.meetings.convening.queries import convened_to
from app.meetings.events import MeetingLapsed
from app.meetings.models import UPCOMING, Meeting, MeetingReminder, MeetingStatus, MeetingTask, TaskStatus
from app.meetings.succession.events import MeetingsHandedOver, TasksHandedOver
from app.meetings.succession.queries import papers_of
from app.notifications.service import withdraw_notices, withdraw_notices_of_parts


async def hand_over_meetings(
    session: Session, former_id: UUID, *, successor_id: UUID, by: UUID | None
) -> tuple[UUID, ...]:
    """Make drafts and calls the successor's, with their papers and replies, and open tasks; return the meetings."""
    statuses = UPCOMING | {MeetingStatus.draft}
    meetings = await session.execute(
        update(Meeting)
        .where(Meeting.organisation_id == former_id, Meeting.status.in_(statuses))
        .values(organisation_id=successor_id, version=Meeting.version + 1)
        .returning(Meeting.id, Meeting.version),
        execution_options={"synchronize_session": False},
    )
    versions = {row.id: row.version for row in meetings}
    if versions:
        fact = MeetingsHandedOver(
            organisation_id=successor_id,
            subject_id=successor_id,
            actor_member_id=by,
            former_id=former_id,
            versions=versions,
        )
        await record(session, fact)
        papers = (await session.scalars(papers_of(versions))).all()
        await hand_over_documents(session, papers, former_id=former_id, successor_id=successor_id, by=by)
    await _hand_over_tasks(session, former_id, successor_id=successor_id, by=by)
    return tuple(versions)


async def lapse_meetings(session: Session, organisation_ids: Collection[UUID], *, reason: str, by: UUID | None) -> None:
    """Call off what organisations that end had announced: no reminder follows, and pushes on their way are stopped.

    Whom a meeting called, until now or until the eve, is told that it is off; for callers that move nobody before.
    """
    eve = session.today() - timedelta(days=1)
    meetings = await session.scalars(
        select(Meeting)
        .where(Meeting.organisation_id.in_(organisation_ids), Meeting.status.in_(UPCOMING))
        .order_by(Meeting.id)
        .with_for_update()
    )
    for meeting in meetings:
        meeting.status = MeetingStatus.cancelled
        meeting.reason = reason
        meeting.version += 1
        await withdraw_notices(session, subject_id=meeting.id)
        await withdraw_notices_of_parts(session, whole_id=meeting.id)
        await session.execute(delete(MeetingReminder).where(MeetingReminder.meeting_id == meeting.id))
        called = union(
            *(
                convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=day)
                for day in (eve, session.today())
            )
        )
        fact = MeetingLapsed(
            organisation_id=meeting.organisation_id,
            subject_id=meeting.id,
            actor_member_id=by,
            version=meeting.version,
            reason=reason,
            called=tuple(await session.scalars(called)),
        )
        await record(session, fact)


async def _hand_over_tasks(session: Session, former_id: UUID, *, successor_id: UUID, by: UUID | None) -> None:
    tasks = await session.execute(
        update(MeetingTask)
        .where(MeetingTask.organisation_id == former_id, MeetingTask.status == TaskStatus.open)
        .values(organisation_id=successor_id, version=MeetingTask.version + 1)
        .returning(MeetingTask.id, MeetingTask.version),
        execution_options={"synchronize_session": False},
    )
    versions = {row.id: row.version for row in tasks}
    if versions:
        fact = TasksHandedOver(
            organisation_id=successor_id,
            subject_id=successor_id,
            actor_member_id=by,
            former_id=former_id,
            versions=versions,
        )
        await record(session, fact)

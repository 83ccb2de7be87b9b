"""Reads of what phones hold with a member's name in it, beside the member."""

from uuid import UUID

from sqlalchemy import or_, select

from app.kernel.db import Session
from app.kernel.scopes import Change
from app.meetings.models import Meeting, MeetingTask, RosterEntry
from app.members.models import Post
from app.minutes.models import Minutes
from app.resolutions.models import Resolution, ResolutionComment


async def find_named(session: Session, member_id: UUID) -> list[Change]:
    """Return what shows the name as it is in the record, for phones to fetch it anew.

    Approved minutes keep the names they were approved with, all but that of who approved them.
    """
    rosters = select(RosterEntry.meeting_id).where(RosterEntry.member_id == member_id)
    tasks = (
        select(MeetingTask.id, MeetingTask.version, MeetingTask.organisation_id, Meeting.organisation_id.label("gave"))
        .join(Meeting, Meeting.id == MeetingTask.meeting_id)
        .where(MeetingTask.assignee_id == member_id)
    )
    given = select(MeetingTask.meeting_id).where(MeetingTask.assignee_id == member_id)
    minutes = (
        select(Meeting.organisation_id, Meeting.id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .where(
            or_(Meeting.id.in_(rosters), Meeting.id.in_(given), Minutes.approved_by == member_id),
            or_(Minutes.approved_at.is_(None), Minutes.approved_by == member_id),
        )
    )
    comments = (
        select(Resolution.organisation_id, ResolutionComment.id, ResolutionComment.revision)
        .join(Resolution, Resolution.id == ResolutionComment.resolution_id)
        .where(ResolutionComment.author_id == member_id)
    )
    rolls = select(Meeting.organisation_id, Meeting.id, Meeting.roll_version).where(Meeting.id.in_(rosters))
    posts = select(Post.organisation_id, Post.id).where(Post.member_id == member_id)
    return [
        *(Change(scope, "comment", one, version) for scope, one, version in await session.execute(comments)),
        *(Change(scope, "minutes", one, 1) for scope, one in await session.execute(minutes)),
        *(Change(scope, "post", one, 1) for scope, one in await session.execute(posts)),
        *(Change(scope, "roll", one, version) for scope, one, version in await session.execute(rolls)),
        # What was handed over is read with the meeting that gave it, too.
        *(
            Change(scope, "task", row.id, row.version)
            for row in await session.execute(tasks)
            for scope in {row.organisation_id, row.gave}
        ),
    ]

"""Reads of the live screen."""

from uuid import UUID

from app.kernel.db import Session
from app.kernel.security import Actor
from app.meetings.queries import get_visible_meeting


async def get_live_scope(session: Session, actor: Actor, meeting_id: UUID) -> UUID:
    """Return the scope whose counter rises with whatever happens in the meeting; raises MeetingNotFound."""
    meeting, _ = await get_visible_meeting(session, actor, meeting_id)
    return meeting.organisation_id

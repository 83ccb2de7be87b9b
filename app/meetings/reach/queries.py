"""Reads of the reach of a meeting's call."""

from uuid import UUID

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.convening.queries import convened_to
from app.meetings.models import MeetingReply
from app.meetings.queries import get_visible_meeting
from app.notifications.reach.queries import push_reach
from app.notifications.reach.schemas import PushReach

CALLS = ("meeting_announced", "meeting_moved", "meeting_postponed", "meeting_cancelled", "meeting_lapsed")
"""The notices that say whether, when and where; of these the latest must have come."""


async def get_reach(session: Session, actor: Actor, meeting_id: UUID, *, locale: Locale) -> PushReach:
    """Return on how many phones the latest word of a meeting is, among those it calls today.

    Its organisers are told by name whom to ring up: who was not reached, or is called since and was never told, and has
    not replied to the meeting as it stands. Raises MeetingNotFound, NotForYourPost.
    """
    meeting, path = await get_visible_meeting(session, actor, meeting_id)
    access.require_follower(actor, path)
    replied = select(MeetingReply.member_id).where(
        MeetingReply.meeting_id == meeting.id, MeetingReply.schedule_version == meeting.schedule_version
    )
    return await push_reach(
        session,
        convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=session.today()),
        subject_id=meeting.id,
        types=CALLS,
        seen=replied.where(MeetingReply.entered_by == MeetingReply.member_id),
        told=replied,
        locale=locale,
        names=access.organises(actor, meeting.organisation_id),
    )

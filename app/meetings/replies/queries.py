"""Reads of the replies: who comes, by name, and why not, for the organisers."""

from uuid import UUID

from sqlalchemy import and_, select, tuple_

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.convening.queries import convened_to
from app.meetings.models import Meeting, MeetingReply
from app.meetings.queries import get_visible_meeting
from app.meetings.schemas import MyReply, ReplyPage, ReplyView
from app.members.models import Member
from app.members.queries import away_on


async def list_replies(session: Session, actor: Actor, meeting_id: UUID, *, paging: PageRequest) -> ReplyPage:
    """Return everybody convened with what they said, by name; raises MeetingNotFound, NotForYourPost."""
    meeting, _ = await get_visible_meeting(session, actor, meeting_id)
    access.require_organiser(actor, meeting.organisation_id)
    today = session.today()
    people = convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=today)
    wanted = (
        select(
            Member.id,
            Member.full_name,
            Member.sort_key,
            Member.id.in_(away_on(today)).label("away"),
            MeetingReply,
        )
        .outerjoin(MeetingReply, and_(MeetingReply.member_id == Member.id, MeetingReply.meeting_id == meeting.id))
        .where(Member.id.in_(people))
        .order_by(Member.sort_key, Member.id)
        .limit(paging.limit + 1)
    )
    if paging.after is not None:
        wanted = wanted.where(tuple_(Member.sort_key, Member.id) > tuple_(*paging.after))
    rows = (await session.execute(wanted)).all()
    return paging.page(
        rows,
        into=ReplyPage,
        view=lambda row: ReplyView(
            member_id=row.id,
            full_name=row.full_name,
            away=row.away,
            reply=view_reply(row.MeetingReply, meeting) if row.MeetingReply else None,
        ),
        key=lambda row: (row.sort_key, row.id),
    )


def view_reply(reply: MeetingReply, meeting: Meeting) -> MyReply:
    """Return a reply as it is shown beside its meeting."""
    return MyReply(
        reply=reply.reply,
        reason=reply.reason,
        replied_at=reply.replied_at,
        entered_by=reply.entered_by,
        before_last_move=reply.schedule_version < meeting.schedule_version,
    )

"""Commands of the reply: one's own, and the secretary's for a member without a phone."""

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, Uuid, and_, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.context import reach
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.convening.queries import convened_to
from app.meetings.errors import MeetingNotUpcoming, MemberRepliedThemselves, NotConvened, ReplyClosed
from app.meetings.events import MeetingReplied, MeetingReplyWithdrawn
from app.meetings.models import BEGUN, UPCOMING, Meeting, MeetingKind, MeetingReply
from app.meetings.queries import get_visible_meeting, view_meeting
from app.meetings.replies.queries import view_reply
from app.meetings.schemas import MeetingView, MyReply, ReplyWrite


async def reply_to_meeting(session: Session, actor: Actor, meeting_id: UUID, body: ReplyWrite) -> MeetingView:
    """Say whether one comes; it can be changed until the start.

    What waited in a phone while the meeting was moved was said of the date before, and leaves what was said since.
    Raises MeetingNotFound, NotConvened, MeetingNotUpcoming, and ReplyClosed from the start on.
    """
    # A start that comes at the same moment waits for this, or is seen by it.
    meeting, path = await get_visible_meeting(session, actor, meeting_id, for_share=True)
    await _store(session, actor, meeting, actor.member_id, body)
    return await view_meeting(session, actor, meeting_id, path=path)


async def reply_for_member(
    session: Session, actor: Actor, meeting_id: UUID, member_id: UUID, body: ReplyWrite
) -> MyReply:
    """Write down what a member said by voice; it names who entered it (domain.md 7).

    Raises NotForYourPost, NotConvened, ReplyClosed, and MemberRepliedThemselves: a member's own word stands.
    """
    meeting, _ = await get_visible_meeting(session, actor, meeting_id, for_share=True)
    access.require_organiser(actor, meeting.organisation_id)
    return view_reply(await _store(session, actor, meeting, member_id, body), meeting)


@cache
def _select_convened(kind: MeetingKind) -> Select[Any]:
    # Any: the id of one member, or no row. Made once: to put it together takes longer than to answer it.
    organisation, today = bindparam("organisation", type_=Uuid()), bindparam("today", type_=Date())
    people = convened_to(organisation_id=organisation, kind=kind, on=today).subquery()
    return select(people.c[0]).where(people.c[0] == bindparam("member", type_=Uuid()))


async def _store(session: Session, actor: Actor, meeting: Meeting, member_id: UUID, body: ReplyWrite) -> MeetingReply:
    now = session.now()
    given = {"organisation": meeting.organisation_id, "today": session.today(), "member": member_id}
    if await session.scalar(_select_convened(meeting.kind), given) is None:
        raise NotConvened
    if meeting.status in BEGUN or (meeting.status in UPCOMING and meeting.starts_at <= now):
        raise ReplyClosed
    if meeting.status not in UPCOMING:
        raise MeetingNotUpcoming
    current = meeting.schedule_version
    seen = min(body.schedule_version or current, current)
    values = {
        "reply": body.reply,
        "reason": body.reason,
        "schedule_version": seen,
        "entered_by": actor.member_id,
        "replied_at": now,
    }
    # The statement judges, not a query before it: a member's own word may come at the same moment.
    theirs = and_(
        MeetingReply.entered_by == MeetingReply.member_id,
        MeetingReply.schedule_version >= meeting.day_version,  # not of a day that it was moved from
    )
    is_overtaken = MeetingReply.schedule_version > seen
    stored: MeetingReply | None = await session.scalar(
        insert(MeetingReply)
        .values(meeting_id=meeting.id, member_id=member_id, **values)
        .on_conflict_do_update(
            index_elements=["meeting_id", "member_id"],
            set_=values,
            where=~is_overtaken if actor.member_id == member_id else ~or_(theirs, is_overtaken),
        )
        .returning(MeetingReply),
        execution_options={"populate_existing": True},
    )
    if stored is None:
        stands = await session.get_one(MeetingReply, (meeting.id, member_id), populate_existing=True)
        if stands.entered_by == member_id != actor.member_id:
            raise MemberRepliedThemselves
        return stands
    await record(
        session,
        MeetingReplied(
            organisation_id=meeting.organisation_id,
            subject_id=meeting.id,
            actor_member_id=actor.member_id,
            member_id=member_id,
            reply=body.reply,
            version=meeting.version,
        ),
    )
    return stored


async def withdraw_replies(
    session: Session,
    member_ids: Collection[UUID],
    organisation_ids: Collection[UUID],
    *,
    by: UUID | None,
    after: date | None = None,
) -> None:
    """Take back what members said to the organisations' meetings to come, since they are not called to them any more.

    `after`: only to those on later days (in Việt Nam).
    """
    await reach(session, *organisation_ids)
    rows = await session.execute(
        select(Meeting.id, Meeting.organisation_id, Meeting.version, Meeting.starts_at, MeetingReply.member_id)
        .join(MeetingReply, MeetingReply.meeting_id == Meeting.id)
        .where(
            MeetingReply.member_id.in_(member_ids),
            Meeting.organisation_id.in_(organisation_ids),
            Meeting.status.in_(UPCOMING),
            Meeting.starts_at > session.now(),
        )
        .order_by(Meeting.id, MeetingReply.member_id)
        .with_for_update(of=Meeting, read=True)
    )
    said = [row for row in rows if after is None or session.day_of(row.starts_at) > after]
    of_these = MeetingReply.meeting_id.in_([row.id for row in said])
    await session.execute(delete(MeetingReply).where(of_these, MeetingReply.member_id.in_(member_ids)))
    for row in said:
        await record(
            session,
            MeetingReplyWithdrawn(
                organisation_id=row.organisation_id,
                subject_id=row.id,
                actor_member_id=by,
                member_id=row.member_id,
                version=row.version,
            ),
        )

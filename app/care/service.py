"""The command of care: a nudge."""

from math import ceil
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.care import access, queries
from app.care.errors import NobodyToNudge, NudgedRecently
from app.care.events import MemberNudged
from app.care.models import Nudge
from app.care.queries import BETWEEN_NUDGES
from app.care.schemas import NudgeView
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.security import Actor
from app.members.models import Member
from app.members.queries import get_visible_member, lock_member
from app.members.standings.queries import meet_where_they_stood

_FROM = Text(
    vi="Có thể hỏi thăm lại từ {at}, theo giờ đồng chí đang ở", en="It is possible again from {at}, by your own clock"
)


async def nudge_member(session: Session, actor: Actor, member_id: UUID) -> NudgeView:
    """Let a member know, by a push in general words, that the branch would like to hear from them.

    The push waits for the end of the quiet hours where the phone is. Raises MemberNotFound, NotForYourPost,
    NobodyToNudge, NudgedRecently.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_carer(actor, path[-1])
    # One after the other: two organisers at once would both find the week free.
    await lock_member(session, member, home=path[-1])
    if not await queries.can_be_notified(session, member):
        raise NobodyToNudge
    await meet_where_they_stood(session, select(Member.id).where(Member.id == member.id))
    last = await queries.find_last_nudge(session, member.id)
    if last is not None and last + BETWEEN_NUDGES > session.now():
        again = last + BETWEEN_NUDGES
        raise NudgedRecently(
            detail=_FROM.format(at=again.astimezone(ZoneInfo(actor.time_zone)).strftime("%H:%M %d/%m/%Y")),
            headers={"Retry-After": str(ceil((again - session.now()).total_seconds()))},
        )
    nudge = Nudge(
        id=session.new_id(),
        member_id=member.id,
        organisation_id=member.organisation_id,
        nudged_by=actor.member_id,
        nudged_at=session.now(),
    )
    session.add(nudge)
    await record(
        session,
        MemberNudged(
            organisation_id=member.organisation_id,
            subject_id=member.id,
            actor_member_id=actor.member_id,
            nudge_id=nudge.id,
        ),
    )
    return NudgeView(
        id=nudge.id,
        member_id=nudge.member_id,
        nudged_by=nudge.nudged_by,
        nudged_at=nudge.nudged_at,
        next_nudge_at=nudge.nudged_at + BETWEEN_NUDGES,
    )

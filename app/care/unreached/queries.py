"""Reads of whom the last call reached on no phone, and whom to ring up or ask instead."""

from uuid import UUID

from sqlalchemy import and_, func, select

from app.care import access
from app.care.models import ProxyContact
from app.care.queries import view_contact
from app.care.schemas import (
    CalledMeeting,
    UnreachedMember,
    UnreachedMembers,
)
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.security import Actor
from app.meetings.models import UPCOMING, Meeting, MeetingKind
from app.meetings.reach.queries import CALLS, get_reach
from app.members.models import AwayPeriod, Member
from app.members.queries import holds_on
from app.members.schemas import MemberRef
from app.notifications.models import Notification
from app.organisations.queries import get_visible_organisation


async def get_unreached_members(
    session: Session, actor: Actor, organisation_id: UUID, *, locale: Locale
) -> UnreachedMembers:
    """Return whom the last call of a meeting to come has not reached, or not been meant for, and who has not replied.

    A committee's meetings are left out: its few know each other. Raises OrganisationNotFound, NotForYourPost.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_carer(actor, organisation.id)
    # To postpone or move a meeting is word of it too.
    last_word = select(func.max(Notification.created_at)).where(
        Notification.subject_id == Meeting.id, Notification.type.in_(CALLS)
    )
    last_call = (
        select(Meeting)
        .where(
            Meeting.organisation_id == organisation.id,
            Meeting.status.in_(UPCOMING),
            Meeting.starts_at > session.now(),  # one that was never begun stays announced
            Meeting.kind != MeetingKind.committee,
        )
        .order_by(func.coalesce(last_word.scalar_subquery(), Meeting.announced_at).desc(), Meeting.id.desc())
        .limit(1)
    )
    meeting = await session.scalar(last_call)
    if meeting is None:
        return UnreachedMembers(meeting=None, members=[])
    to_ring_up = (await get_reach(session, actor, meeting.id, locale=locale)).to_ring_up
    today = session.today()
    known = (
        select(Member.id, AwayPeriod.place, ProxyContact)
        .outerjoin(
            AwayPeriod,
            and_(
                AwayPeriod.member_id == Member.id,
                holds_on(AwayPeriod.starts_on, AwayPeriod.ends_on, today),
            ),
        )
        .outerjoin(ProxyContact, ProxyContact.member_id == Member.id)
        # Of a guest the home branch knows more; nobody here does.
        .where(Member.id.in_([one.member_id for one in to_ring_up]), Member.organisation_id == organisation.id)
    )
    rows = {row.id: row for row in await session.execute(known)}
    return UnreachedMembers(
        meeting=CalledMeeting(
            meeting_id=meeting.id, title=meeting.title, starts_at=meeting.starts_at, time_zone=meeting.time_zone
        ),
        members=[
            UnreachedMember(
                member=MemberRef(member_id=one.member_id, full_name=one.full_name),
                state=one.state,
                reason=one.reason,
                is_away=row is not None and row.place is not None,
                place=row.place if row is not None else None,
                proxy_contact=view_contact(row.ProxyContact) if row is not None else None,
            )
            for one in to_ring_up
            for row in [rows.get(one.member_id)]
        ],
    )

"""Commands of the remark: made by those who took part, answered by an organiser."""

from uuid import UUID

from app.kernel.context import meet
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.meetings.errors import MeetingNotFound
from app.members.models import Member
from app.minutes import access
from app.minutes.errors import MinutesNotFound, MinutesNotInReview, RemarkNotFound
from app.minutes.events import MinutesRemarkAnswered, MinutesRemarked
from app.minutes.models import Minutes, MinutesRemark, MinutesStatus
from app.minutes.queries import Found, find_readable
from app.minutes.remarks.queries import view_remark
from app.minutes.schemas import RemarkAnswer, RemarkView, RemarkWrite


async def remark_on_minutes(session: Session, actor: Actor, meeting_id: UUID, body: RemarkWrite) -> RemarkView:
    """Say what is wrong with minutes that were sent for remarks.

    Raises MeetingNotFound, MinutesNotFound, MinutesTooEarly, NotAnAttendee, MinutesNotInReview.
    """
    found = await find_readable(session, actor, meeting_id, for_update=True)
    access.require_attendee(took_part=found.took_part)
    minutes = _in_review(found)
    remark = MinutesRemark(
        id=session.new_id(),
        meeting_id=meeting_id,
        member_id=actor.member_id,
        body=body.body,
        created_at=session.now(),
    )
    session.add(remark)
    await record(
        session,
        MinutesRemarked(
            organisation_id=minutes.organisation_id,
            subject_id=meeting_id,
            actor_member_id=actor.member_id,
            version=minutes.version,
            remark_id=remark.id,
        ),
    )
    return await _view(session, remark)


async def answer_remark(session: Session, actor: Actor, remark_id: UUID, body: RemarkAnswer) -> RemarkView:
    """Say whether the minutes were changed for a remark; it can be said anew until they are approved.

    Raises RemarkNotFound, NotForYourPost, MinutesNotInReview.
    """
    remark = await session.get(MinutesRemark, remark_id)
    if remark is None:
        raise RemarkNotFound
    try:
        found = await find_readable(session, actor, remark.meeting_id, for_update=True)
    except (MeetingNotFound, MinutesNotFound):
        raise RemarkNotFound from None
    if not access.reviews(actor, found.meeting, took_part=found.took_part):
        raise RemarkNotFound
    access.require_writer(actor, found.meeting)
    minutes = _in_review(found)
    remark.taken = body.taken
    remark.answer = body.body
    remark.answered_by = actor.member_id
    remark.answered_at = session.now()
    await record(
        session,
        MinutesRemarkAnswered(
            organisation_id=minutes.organisation_id,
            subject_id=minutes.meeting_id,
            actor_member_id=actor.member_id,
            version=minutes.version,
            remark_id=remark.id,
            taken=body.taken,
        ),
    )
    return await _view(session, remark)


def _in_review(found: Found) -> Minutes:
    if found.minutes is None or found.minutes.status is not MinutesStatus.in_review:
        raise MinutesNotInReview
    return found.minutes


async def _view(session: Session, remark: MinutesRemark) -> RemarkView:
    # A guest of that one day, say: nothing else leads to them any more.
    await meet(session, [remark.member_id])
    author = await session.get_one(Member, remark.member_id)
    return view_remark(remark, full_name=author.full_name)

"""Command of a meeting's course."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.models import EventRow
from app.kernel.security import Actor
from app.meetings import access
from app.meetings.convening.queries import require_on_roster
from app.meetings.course.schemas import CourseReplace
from app.meetings.errors import CourseClosed, CourseImpossible, MeetingNotBegun
from app.meetings.events import CourseCorrected, MeetingStarted
from app.meetings.models import BEGUN, ROLL_OPEN, Meeting, MeetingStatus
from app.meetings.queries import get_visible_meeting, view_meeting
from app.meetings.schemas import MeetingView

_NOT_ENDED = Text(vi="Cuộc họp chưa kết thúc", en="The meeting is not over")
_END_MISSING = Text(vi="Cuộc họp đã kết thúc, cần giờ kết thúc", en="The meeting is over; say when it ended")
_IN_FUTURE = Text(vi="Không được sau thời điểm hiện tại", en="It must not be later than now")
_ENDS_BEFORE_START = Text(vi="Giờ kết thúc phải sau giờ bắt đầu", en="The end must be after the start")
_OTHER_DAY = Text(
    vi="Giờ bắt đầu phải trong ngày đã bấm khai mạc hoặc ngày liền trước",
    en="It must lie on the day when the meeting was opened here, or on the one before",
)


async def correct_course(
    session: Session, actor: Actor, meeting_id: UUID, body: CourseReplace, *, expected: int
) -> MeetingView:
    """Set right when a meeting began and ended, who led it and who writes its minutes, until these are approved.

    It may have begun on the day when it was opened here, or on the one before: what a phone sends late may come after
    midnight, and then the minutes are of that day, of the old year too. Roster and rule set stay those of the day when
    it was opened. It may have begun before its call, where what had been held was entered afterwards. Raises
    NotForYourPost, VersionChanged, MeetingNotBegun, CourseClosed, CourseImpossible, NotOnRoster.
    """
    meeting, path = await get_visible_meeting(session, actor, meeting_id, for_update=True)
    access.require_organiser(actor, meeting.organisation_id)
    require_version(meeting.version, expected)
    if meeting.status not in BEGUN:
        raise MeetingNotBegun
    if meeting.status not in ROLL_OPEN:
        raise CourseClosed
    await _require_possible(session, meeting, body)
    named = {"/chair_id": body.chair_id, "/minute_taker_id": body.minute_taker_id}
    await require_on_roster(session, meeting, {pointer: person for pointer, person in named.items() if person})
    before = (meeting.started_at, meeting.ended_at)
    meeting.started_at = body.started_at
    meeting.ended_at = body.ended_at
    meeting.chair_id = body.chair_id
    meeting.minute_taker_id = body.minute_taker_id
    meeting.version += 1
    await record(
        session,
        CourseCorrected(
            organisation_id=meeting.organisation_id,
            subject_id=meeting.id,
            actor_member_id=actor.member_id,
            version=meeting.version,
            started_before=before[0],
            ended_before=before[1],
        ),
    )
    return await view_meeting(session, actor, meeting.id, path=path)


async def _require_possible(session: Session, meeting: Meeting, body: CourseReplace) -> None:
    """Raise CourseImpossible where the meeting cannot have begun and ended so."""
    begin, end, now = body.started_at, body.ended_at, session.now()
    if end is not None and meeting.status is MeetingStatus.in_session:
        raise _impossible("/ended_at", "not_ended", _NOT_ENDED)
    if end is None and meeting.status is MeetingStatus.ended:
        raise _impossible("/ended_at", "missing", _END_MISSING)
    if end is not None and end > now:
        raise _impossible("/ended_at", "in_future", _IN_FUTURE)
    if begin > now:
        raise _impossible("/started_at", "in_future", _IN_FUTURE)
    if end is not None and end <= begin:
        raise _impossible("/ended_at", "ends_before_start", _ENDS_BEFORE_START)
    # The meeting's own instant may have been corrected before: day by day it would wander off from its roster.
    opened_at = await session.scalar(
        select(EventRow.occurred_at).where(EventRow.subject_id == meeting.id, EventRow.code == MeetingStarted.code)
    )
    opened_at = opened_at or meeting.started_at
    assert opened_at is not None
    opened_on = session.day_of(opened_at)
    if session.day_of(begin) not in {opened_on, opened_on - timedelta(days=1)}:
        raise _impossible("/started_at", "other_day", _OTHER_DAY)


def _impossible(pointer: str, code: str, text: Text) -> CourseImpossible:
    return CourseImpossible(fields=(FieldProblem(pointer=pointer, code=code, detail=text),))

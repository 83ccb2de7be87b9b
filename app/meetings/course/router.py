"""Route of a meeting's course."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.course import service
from app.meetings.course.schemas import CourseReplace
from app.meetings.errors import CourseClosed, CourseImpossible, MeetingNotBegun, MeetingNotFound, NotOnRoster
from app.meetings.schemas import MeetingView

router = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)


@router.put(
    "/{meeting_id}/course",
    operation_id="correctCourse",
    summary="Set right how the meeting ran",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotBegun, CourseClosed, CourseImpossible, NotOnRoster),
)
async def correct_course(
    session: DbSession,
    actor: CurrentActor,
    meeting_id: UUID,
    body: CourseReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> MeetingView:
    """Set right when the meeting began and ended, who led it and who writes its minutes, until these are approved.

    Starting and ending take the instant at which they reach the server: late where the end was forgotten, or a phone
    had no network. Who was on the roster, and the rules of the day, stay as they were when the meeting was opened.
    """
    return tagged.one(await service.correct_course(session, actor, meeting_id, body, expected=expected))

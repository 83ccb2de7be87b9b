"""Routes of the reach of a meeting's call."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.problems import problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import MeetingNotFound
from app.meetings.reach import queries
from app.notifications.reach.schemas import PushReach

router = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)


@router.get(
    "/{meeting_id}/reach",
    operation_id="getMeetingReach",
    summary="Whom the call has reached",
    responses=problems(MeetingNotFound, NotForYourPost),
)
async def get_meeting_reach(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, meeting_id: UUID
) -> PushReach:
    """Count on how many phones the latest word of the meeting is, still waits, or failed to come, and why.

    For its organisers and officers above. The organisers are told by name whom to ring up.
    """
    return tagged.whole(await queries.get_reach(session, actor, meeting_id, locale=reader.locale))

"""Routes of the remark."""

from uuid import UUID

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import MeetingNotFound
from app.minutes.errors import MinutesNotFound, MinutesNotInReview, MinutesTooEarly, NotAnAttendee, RemarkNotFound
from app.minutes.remarks import queries, service
from app.minutes.schemas import RemarkAnswer, RemarkPage, RemarkView, RemarkWrite

meetings = Router(prefix="/meetings", tags=["minutes"], route_class=StrictRoute)
router = Router(prefix="/minutes-remarks", tags=["minutes"], route_class=StrictRoute)


@meetings.get(
    "/{meeting_id}/minutes/remarks",
    operation_id="listRemarks",
    summary="Remarks on the minutes",
    responses=problems(MeetingNotFound, MinutesNotFound, NotForYourPost, MinutesTooEarly, CursorInvalid),
)
async def list_remarks(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, paging: Paging, tagged: Tagged, linked: Linked
) -> RemarkPage:
    """List what was said of the draft and what came of it; for those who took part and who works on the minutes."""
    return tagged.page(linked(await queries.list_remarks(session, actor, meeting_id, paging=paging)))


@meetings.post(
    "/{meeting_id}/minutes/remarks",
    operation_id="remarkOnMinutes",
    status_code=201,
    summary="Remark on the minutes",
    responses=problems(MeetingNotFound, MinutesNotFound, NotAnAttendee, MinutesTooEarly, MinutesNotInReview),
)
async def remark_on_minutes(
    session: DbSession, actor: CurrentActor, tagged: Tagged, meeting_id: UUID, body: RemarkWrite
) -> RemarkView:
    """Say what is wrong or missing, as one who took part, while the draft is open for remarks."""
    return tagged.whole(await service.remark_on_minutes(session, actor, meeting_id, body))


@router.put(
    "/{remark_id}/answer",
    operation_id="answerRemark",
    summary="Answer a remark",
    responses=problems(RemarkNotFound, NotForYourPost, MinutesNotInReview),
)
async def answer_remark(
    session: DbSession, actor: CurrentActor, tagged: Tagged, remark_id: UUID, body: RemarkAnswer
) -> RemarkView:
    """Say whether the minutes were changed for it; for who writes them, until the approval."""
    return tagged.whole(await service.answer_remark(session, actor, remark_id, body))

"""The route of who saw one's own record."""

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.members.record_views import queries
from app.members.record_views.schemas import RecordViewPage

me = Router(prefix="/me", tags=["members"], route_class=StrictRoute)


@me.get(
    "/record-views",
    operation_id="listMyRecordViews",
    summary="Who viewed my record",
    responses=problems(CursorInvalid),
)
async def list_my_record_views(
    session: DbSession, actor: CurrentActor, paging: Paging, tagged: Tagged, linked: Linked
) -> RecordViewPage:
    """List who saw my record and by which post they could, the latest first.

    Who sees no more of me than my name or standing, as comrades and officers above do, is not among them. Somebody who
    looks again on the same day is listed once.
    """
    return tagged.page(linked(await queries.list_my_record_views(session, actor, paging=paging)))

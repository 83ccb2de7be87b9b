"""Route of the meetings one is called to."""

from typing import Annotated

from fastapi import Query, Response

from app.kernel.bodies import StrictRoute
from app.kernel.pagination import CursorInvalid, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.schemas import DayOrInstant
from app.kernel.screens import HotPage
from app.meetings.mine import queries
from app.meetings.schemas import MeetingPage

me = Router(prefix="/me", tags=["meetings"], route_class=StrictRoute)


@me.get(
    "/meetings",
    operation_id="listMyMeetings",
    summary="My meetings",
    response_model=MeetingPage,
    responses=problems(CursorInvalid),
)
async def list_my_meetings(
    screen: HotPage,
    paging: Paging,
    since: Annotated[
        DayOrInstant | None,
        Query(alias="from", description="From this instant or day on; by default from today", examples=["2026-12-01"]),
    ] = None,
    until: Annotated[
        DayOrInstant | None, Query(alias="to", description="Before this instant or day", examples=["2027-01-01"])
    ] = None,
) -> Response:
    """List the meetings I am called to, by their start, with their agenda and my reply."""
    return await screen.page(queries.my_meetings(), queries.bounds(since=since, until=until, paging=paging), paging)

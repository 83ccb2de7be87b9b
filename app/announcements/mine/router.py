"""Route of what is said to oneself."""

from fastapi import Response

from app.announcements.mine import queries
from app.announcements.schemas import AnnouncementPage
from app.kernel.bodies import StrictRoute
from app.kernel.pagination import CursorInvalid, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.screens import HotPage

me = Router(prefix="/me", tags=["announcements"], route_class=StrictRoute)


@me.get(
    "/announcements",
    operation_id="listMyAnnouncements",
    summary="My announcements",
    response_model=AnnouncementPage,
    responses=problems(CursorInvalid),
)
async def list_my_announcements(screen: HotPage, paging: Paging) -> Response:
    """List what is said to me today, newest first; what has expired or was withdrawn is not there any more."""
    return await screen.page(queries.my_announcements(), queries.behind(paging), paging)

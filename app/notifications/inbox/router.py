"""Route of the inbox."""

from fastapi import Request, Response

from app.kernel.bodies import StrictRoute
from app.kernel.i18n import negotiate
from app.kernel.pagination import CursorInvalid, Paging
from app.kernel.problems import problems
from app.kernel.readers import AcceptLanguage
from app.kernel.routing import Router
from app.kernel.screens import HotPage
from app.notifications.inbox import queries
from app.notifications.schemas import NotificationPage

me = Router(prefix="/me", tags=["me"], route_class=StrictRoute)


@me.get(
    "/notifications",
    operation_id="listMyNotifications",
    summary="My inbox",
    response_model=NotificationPage,
    responses=problems(CursorInvalid),
)
async def list_my_notifications(
    request: Request, screen: HotPage, paging: Paging, accept_language: AcceptLanguage = None
) -> Response:
    """List my notices, newest first. The inbox is the truth: a phone that got no push finds everything here."""
    state = request.app.state
    locale = negotiate(accept_language)
    words = queries.Words(notices=state.notices, locale=locale, public_url=state.settings.public_url)
    asked = queries.behind(paging, locale, state.notices)
    return await screen.page(queries.my_notices(), asked, paging, finish=words.put)

"""Route of catching up."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.changes import queries, service
from app.changes.errors import SyncCursorExpired
from app.changes.resources import Viewer
from app.changes.schemas import ChangePage
from app.kernel.bodies import StrictRoute
from app.kernel.i18n import negotiate
from app.kernel.notices import Reader
from app.kernel.pagination import CursorInvalid, Linked
from app.kernel.problems import problems
from app.kernel.readers import AcceptLanguage
from app.kernel.routing import Router
from app.kernel.screens import HotRead

router = Router(prefix="/changes", tags=["changes"], route_class=StrictRoute)


@router.get(
    "",
    operation_id="getChanges",
    summary="What changed since my cursor",
    response_model=ChangePage,
    responses=problems(CursorInvalid, SyncCursorExpired),
)
async def get_changes(
    *,
    request: Request,
    screen: HotRead,
    linked: Linked,
    accept_language: AcceptLanguage = None,
    limit: Annotated[
        int, Query(ge=1, le=200, description="Objects a page looks at", json_schema_extra={"format": "int32"})
    ] = 100,
    cursor: Annotated[str | None, Query(max_length=8000, description="`next_cursor` of the last page I stored")] = None,
) -> ChangePage | Response:
    """Return all that I may see and that changed since the cursor; without a cursor, everything there is.

    Ask again at once with `next_cursor` while `has_more` is true; a page may hold fewer items than `limit`, or none.
    Each object comes once, as it is now. When I see other things than before (another branch, a post, a stay as a
    guest), what I cannot see any more comes as `drop_scope` or `delete`, and the rest is told again. On 410 (the cursor
    is too old, or the server does not know it any more) forget everything but what waits to be sent, and start without
    a cursor. What only a clock decides (an announcement that expired, somebody away from today) and the names and
    titles of other objects in a resource change without a word here: their own resources say it; an erased name alone
    goes wherever it stood. Nor do the numbers of replies to a meeting follow each member who joins, or each post that
    is given or ends; and documents that a member keeps for themself reach their leaders only in the entries they prove.
    Whose record I am given is told so: `GET /v1/me/record-views`.
    """
    state = request.app.state
    keys = state.keyring.keys
    standing = await screen.row(queries.standing_now(), {})
    unchanged = queries.find_nothing_new(standing, cursor, notices=state.notices, keys=keys) if cursor else None
    if unchanged is not None:
        return Response(f'{{"items":[],"next_cursor":"{unchanged}","has_more":false}}', media_type="application/json")
    async with screen.at_length() as (session, actor):
        reader = Reader(locale=negotiate(accept_language), time_zone=actor.time_zone)
        viewer = Viewer(actor=actor, reader=reader, notices=state.notices, public_url=state.settings.public_url)
        page = await service.get_changes(session, viewer, cursor=cursor, limit=limit, keys=keys)
    return linked(page) if page.has_more else page

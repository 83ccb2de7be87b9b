"""Routes of the calendar: one's own address, and the feed that calendar programs fetch without a sign-in."""

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from app.kernel.bodies import SecretRoute, StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import IfNoneMatch, Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.meetings.calendar import queries, service
from app.meetings.calendar.errors import CalendarNotFound, CalendarRevoked
from app.meetings.calendar.schemas import CalendarAddress, CalendarState

me = Router(prefix="/me", tags=["meetings"], route_class=SecretRoute)
router = Router(prefix="/calendars", tags=["meetings"], route_class=StrictRoute)

_FEED: dict[int | str, dict[str, Any]] = {  # Any: an OpenAPI fragment
    200: {
        "description": "The feed (RFC 5545)",
        "content": {
            "text/calendar": {
                "schema": {"type": "string", "examples": ["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"]}
            }
        },
    }
}


async def _public_url(request: Request) -> str:
    url: str = request.app.state.settings.public_url
    return url


PublicUrl = Annotated[str, Depends(_public_url)]


@me.post("/calendar", operation_id="makeMyCalendar", status_code=201, summary="Get a calendar address")
async def make_my_calendar(session: DbSession, actor: CurrentActor, public_url: PublicUrl) -> CalendarAddress:
    """Give out an address from which calendar programs fetch the times and places of my meetings.

    It is shown this once; whoever knows it can read along. The address before, if there was one, ends.
    """
    return await service.make_my_calendar(session, actor, public_url=public_url)


@me.get("/calendar", operation_id="getMyCalendar", summary="Whether I have a calendar address")
async def get_my_calendar(session: DbSession, actor: CurrentActor, tagged: Tagged) -> CalendarState:
    """Say whether I have an address and when a program last fetched it; the address itself is never shown again."""
    return tagged.whole(await queries.get_my_calendar(session, actor))


@me.delete("/calendar", operation_id="revokeMyCalendar", status_code=204, summary="Revoke my calendar address")
async def revoke_my_calendar(session: DbSession, actor: CurrentActor) -> None:
    """End my address; where there is none, nothing changes."""
    await service.revoke_my_calendar(session, actor)


@router.get(
    "/{secret}.ics",
    operation_id="fetchCalendar",
    summary="The feed for calendar programs",
    response_class=Response,
    responses={**_FEED, **problems(CalendarNotFound, CalendarRevoked)},
)
async def fetch_calendar(
    session: DbSession,
    public_url: PublicUrl,
    secret: Annotated[str, Path(description="What `makeMyCalendar` gave out", examples=["mX3v0bY8kTq1pLw7cRz5nJd2"])],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the meetings of the address's owner, 60 days back and 400 ahead: when and where, and nothing else.

    No sign-in: the address is the secret. Titles, agenda and names never leave, since calendars lie on foreign servers.
    """
    feed = await service.fetch_calendar(session, secret, public_url=public_url)
    etag = f'"{hashlib.sha256(feed).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    # Answered, not raised as NotModified: that would roll back the note of the fetch.
    if known & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(feed, media_type="text/calendar", headers=headers)

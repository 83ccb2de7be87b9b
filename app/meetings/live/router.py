"""Route of the live screen."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.pokes import Pokes, StreamsBusy
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor
from app.meetings.errors import MeetingNotFound
from app.meetings.live import queries

router = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)

_STREAM = {
    "description": "Lines `data: {scope, seq}` (Server-Sent Events); comments in between are signs of life",
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "string",
                "examples": ['id: 42\ndata: {"scope": "01a20554-aa22-7cf5-97ba-64575c030d6e", "seq": 42}\n\n'],
            }
        }
    },
}


class EventStream(StreamingResponse):
    """Server-Sent Events; not FastAPI's own, which would keep the request's dependencies open to the end."""

    media_type = "text/event-stream"


@router.get(
    "/{meeting_id}/events",
    operation_id="watchMeeting",
    summary="Live screen",
    response_class=EventStream,
    responses={200: _STREAM, **problems(MeetingNotFound, StreamsBusy)},
)
async def watch_meeting(request: Request, session: DbSession, actor: CurrentActor, meeting_id: UUID) -> EventStream:
    """Say that something changed, never what: fetch the meeting, its roll, tasks and polls again when `seq` has risen.

    The present `seq` comes at once. The stream ends after ten minutes at most; connect again then. An account has four
    at once: a fifth ends the oldest.
    """
    scope = await queries.get_live_scope(session, actor, meeting_id)
    pokes: Pokes = request.app.state.pokes
    pokes.require_room(actor.account_id)
    # The dependencies are done by the time the first line leaves: no connection waits with the reader.
    lines = _lines(scope, pokes.watch(scope, by=actor.account_id))
    return EventStream(lines, headers={"X-Accel-Buffering": "no"})


async def _lines(scope: UUID, pokes: AsyncGenerator[int | None]) -> AsyncIterator[bytes]:
    async with aclosing(pokes):
        async for seq in pokes:
            if seq is None:
                yield KEEPALIVE_COMMENT
            else:
                yield format_sse_event(data_str=json.dumps({"scope": str(scope), "seq": seq}), id=str(seq))

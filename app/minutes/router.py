"""Routes of minutes, and of the PDFs that the branch hands on: minutes and resolutions.

The resolution's PDF lies here, not beside the resolution: it also tells the poll that carried it and the tasks that
its meeting gave out, as the minutes froze them, and features import downwards only.
"""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, SeenVersion, Tagged, Tagger
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.kernel.typesetting import CurrentTypesetter, Paper, TypesettingBusy, TypesettingUnavailable
from app.meetings.errors import MeetingNotFound
from app.minutes import queries, service
from app.minutes.errors import (
    MinutesAlreadySent,
    MinutesFrozen,
    MinutesNotApproved,
    MinutesNotFound,
    MinutesTooEarly,
)
from app.minutes.schemas import MinutesReplace, MinutesView
from app.polls.errors import PollNotClosed
from app.resolutions.errors import ResolutionNotFound

router = Router(prefix="/meetings", tags=["minutes"], route_class=StrictRoute)
resolutions = Router(prefix="/resolutions", tags=["minutes"], route_class=StrictRoute)

_PDF: dict[int | str, dict[str, Any]] = {  # Any: an OpenAPI fragment
    200: {
        "description": "The PDF; its ETag is the sha-256 of its bytes",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _pdf(paper: Paper, *, tagged: Tagger, filename: str) -> Response:
    return Response(
        paper.content,
        media_type="application/pdf",
        headers={
            "ETag": tagged.file(paper.sha256),
            "Content-Disposition": f'attachment; filename="{filename}.pdf"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.get(
    "/{meeting_id}/minutes",
    operation_id="getMinutes",
    summary="The minutes of a meeting",
    responses=problems(MeetingNotFound, MinutesNotFound, MinutesTooEarly),
)
async def get_minutes(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> MinutesView:
    """Return the minutes, composed of agenda, roll, votes, resolutions and tasks as they stand; frozen once approved.

    Organisers, the chair and the meeting's minute-taker read them from its end on; who took part, once they are sent
    for remarks; the rest of the branch and officers above, once they are published.
    """
    return tagged.one(await queries.get_minutes(session, actor, meeting_id))


@router.put(
    "/{meeting_id}/minutes",
    operation_id="replaceMinutes",
    summary="Write the minutes",
    responses=problems(MeetingNotFound, MinutesNotFound, NotForYourPost, MinutesTooEarly, MinutesFrozen),
)
async def replace_minutes(
    session: DbSession,
    actor: CurrentActor,
    meeting_id: UUID,
    body: MinutesReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> MinutesView:
    """Write sections and conclusion, until the approval: by an organiser, or by whom the meeting named minute-taker.

    Head counts, votes and tasks cannot be typed.
    """
    return tagged.one(await service.replace_minutes(session, actor, meeting_id, body, expected=expected))


@router.post(
    "/{meeting_id}/minutes/send",
    operation_id="sendMinutes",
    summary="Send the draft for remarks",
    responses=problems(
        MeetingNotFound, MinutesNotFound, NotForYourPost, MinutesTooEarly, MinutesFrozen, MinutesAlreadySent
    ),
)
async def send_minutes(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> MinutesView:
    """Send the draft to those who took part; they are told, and may remark on it until it is approved."""
    return tagged.one(await service.send_minutes(session, actor, meeting_id))


@router.post(
    "/{meeting_id}/minutes/approve",
    operation_id="approveMinutes",
    summary="Approve the minutes",
    responses=problems(MeetingNotFound, MinutesNotFound, NotForYourPost, MinutesTooEarly, MinutesFrozen, PollNotClosed),
)
async def approve_minutes(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, seen: SeenVersion, tagged: Tagged
) -> MinutesView:
    """Let the minutes stand, by the chair, the secretary or a deputy: they get their number and never change again.

    The roll, the votes and the tasks are frozen in them as they are; polls of the meeting must be closed by then.
    With `If-Match` only words that the caller has seen are approved.
    """
    return tagged.one(await service.approve_minutes(session, actor, meeting_id, expected=seen))


@router.post(
    "/{meeting_id}/minutes/publish",
    operation_id="publishMinutes",
    summary="Publish the minutes",
    responses=problems(MeetingNotFound, MinutesNotFound, NotForYourPost, MinutesTooEarly, MinutesNotApproved),
)
async def publish_minutes(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> MinutesView:
    """Show approved minutes to the branch and to officers above; who was not there is told what they missed."""
    return tagged.one(await service.publish_minutes(session, actor, meeting_id))


@router.get(
    "/{meeting_id}/minutes.pdf",
    operation_id="getMinutesPdf",
    summary="The minutes on paper",
    response_class=Response,
    responses={
        **_PDF,
        **problems(MeetingNotFound, MinutesNotFound, MinutesTooEarly, TypesettingUnavailable, TypesettingBusy),
    },
)
async def get_minutes_pdf(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, typesetter: CurrentTypesetter, tagged: Tagged
) -> Response:
    """Download the minutes in the form of the party's documents, marked "DỰ THẢO" until they are approved.

    Approved ones are the same bytes each time.
    """
    paper = await queries.get_minutes_pdf(session, actor, meeting_id, typesetter=typesetter)
    return _pdf(paper, tagged=tagged, filename=f"bien-ban-{meeting_id}")


@resolutions.get(
    "/{resolution_id}/resolution.pdf",
    operation_id="getResolutionPdf",
    summary="A resolution on paper",
    response_class=Response,
    responses={**_PDF, **problems(ResolutionNotFound, TypesettingUnavailable, TypesettingBusy)},
)
async def get_resolution_pdf(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, typesetter: CurrentTypesetter, tagged: Tagged
) -> Response:
    """Download an adopted resolution in the form of the party's documents; drafts have none."""
    paper = await queries.get_resolution_pdf(session, actor, resolution_id, typesetter=typesetter)
    return _pdf(paper, tagged=tagged, filename=f"nghi-quyet-{resolution_id}")

"""Routes of the meeting."""

from uuid import UUID

from app.documents.errors import DocumentsNotFound
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings import queries, service
from app.meetings.errors import (
    MeetingAlreadyExists,
    MeetingClosed,
    MeetingInPast,
    MeetingNotDraft,
    MeetingNotFound,
    MeetingNotUpcoming,
    MeetingPlaceMissing,
    MeetingTimePassed,
)
from app.meetings.schemas import (
    MeetingCreate,
    MeetingPage,
    MeetingReplace,
    MeetingView,
    Postponement,
)
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["meetings"], route_class=StrictRoute)
router = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)


@organisations.get(
    "/{organisation_id}/meetings",
    operation_id="listMeetings",
    summary="Meetings of an organisation",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_meetings(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, paging: Paging, tagged: Tagged, linked: Linked
) -> MeetingPage:
    """List an organisation's meetings, by their start; its organisers see drafts too."""
    return tagged.page(linked(await queries.list_meetings(session, actor, organisation_id, paging=paging)))


@organisations.post(
    "/{organisation_id}/meetings",
    operation_id="scheduleMeeting",
    status_code=201,
    summary="Draft a meeting",
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        MeetingAlreadyExists,
        MeetingInPast,
        DocumentsNotFound,
    ),
)
async def schedule_meeting(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, body: MeetingCreate, tagged: Tagged
) -> MeetingView:
    """Write a draft with its agenda; only the organisers see it until it is announced.

    Tasks of earlier meetings that are still open become the agenda's last point.
    """
    return tagged.one(await service.schedule_meeting(session, actor, organisation_id, body))


@router.get("/{meeting_id}", operation_id="getMeeting", summary="A meeting", responses=problems(MeetingNotFound))
async def get_meeting(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> MeetingView:
    """Return a meeting with its agenda and my reply."""
    return tagged.one(await queries.get_meeting(session, actor, meeting_id))


@router.put(
    "/{meeting_id}",
    operation_id="replaceMeeting",
    summary="Change a meeting",
    responses=problems(
        MeetingNotFound,
        NotForYourPost,
        MeetingClosed,
        MeetingNotDraft,
        MeetingPlaceMissing,
        MeetingInPast,
        DocumentsNotFound,
    ),
)
async def replace_meeting(
    session: DbSession,
    actor: CurrentActor,
    meeting_id: UUID,
    body: MeetingReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> MeetingView:
    """Rewrite a meeting that has not begun.

    When time or place of an announced meeting change, everybody who has not refused its day is told and reminders move;
    any other change tells nobody.
    """
    return tagged.one(await service.replace_meeting(session, actor, meeting_id, body, expected=expected))


@router.post(
    "/{meeting_id}/announce",
    operation_id="announceMeeting",
    summary="Call the meeting",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotDraft, MeetingTimePassed, MeetingPlaceMissing),
)
async def announce_meeting(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> MeetingView:
    """Announce a draft: every convened member's phone is told, and reminders are set."""
    return tagged.one(await service.announce_meeting(session, actor, meeting_id))


@router.post(
    "/{meeting_id}/postpone",
    operation_id="postponeMeeting",
    summary="Postpone the meeting",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotUpcoming, MeetingInPast),
)
async def postpone_meeting(
    session: DbSession, actor: CurrentActor, meeting_id: UUID, body: Postponement, tagged: Tagged
) -> MeetingView:
    """Move an announced meeting to another time, with the reason; everybody is told."""
    return tagged.one(await service.postpone_meeting(session, actor, meeting_id, body))

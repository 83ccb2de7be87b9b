"""Routes of resolutions."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.i18n import negotiate
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import MeetingNotDraft, MeetingNotFound
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound
from app.resolutions import queries, service
from app.resolutions.comparison_page import CONTENT_SECURITY_POLICY
from app.resolutions.errors import (
    CommentsUntilOutOfRange,
    ParagraphUnknown,
    ResolutionAlreadyExists,
    ResolutionDecided,
    ResolutionMeetingUnknown,
    ResolutionNotDraft,
    ResolutionNotFound,
    ResolutionNotOpen,
    ResolutionVersionNotFound,
)
from app.resolutions.schemas import (
    ComparisonView,
    Opening,
    ResolutionCreate,
    ResolutionPage,
    ResolutionReplace,
    ResolutionVersionPage,
    ResolutionVersionView,
    ResolutionView,
)

organisations = Router(prefix="/organisations", tags=["resolutions"], route_class=StrictRoute)
router = Router(prefix="/resolutions", tags=["resolutions"], route_class=StrictRoute)
meetings = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)

_MOST = 2**31 - 1
FromVersion = Annotated[
    int | None,
    Query(alias="from", ge=1, le=_MOST, description="By default the version before the later one", examples=[1]),
]
ToVersion = Annotated[
    int | None, Query(alias="to", ge=1, le=_MOST, description="By default the current version", examples=[2])
]


@organisations.get(
    "/{organisation_id}/resolutions",
    operation_id="listResolutions",
    summary="Resolutions of an organisation",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_resolutions(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    meeting_id: Annotated[UUID | None, Query(description="Only those that this meeting is to decide")] = None,
) -> ResolutionPage:
    """List an organisation's resolutions, the newest first.

    Its organisers see drafts too, its members what was opened, officers above what was adopted.
    """
    page = await queries.list_resolutions(session, actor, organisation_id, meeting_id=meeting_id, paging=paging)
    return tagged.page(linked(page))


@organisations.post(
    "/{organisation_id}/resolutions",
    operation_id="draftResolution",
    status_code=201,
    summary="Draft a resolution",
    responses=problems(
        OrganisationNotFound, NotForYourPost, OrganisationHasEnded, ResolutionAlreadyExists, ResolutionMeetingUnknown
    ),
)
async def draft_resolution(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, body: ResolutionCreate, tagged: Tagged
) -> ResolutionView:
    """Write a draft in numbered paragraphs; only the organisers see it until it is opened for comments."""
    return tagged.one(await service.draft_resolution(session, actor, organisation_id, body))


@router.get(
    "/{resolution_id}",
    operation_id="getResolution",
    summary="A resolution",
    responses=problems(ResolutionNotFound),
)
async def get_resolution(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, tagged: Tagged
) -> ResolutionView:
    """Return a resolution with its current text."""
    return tagged.one(await queries.get_resolution(session, actor, resolution_id))


@router.put(
    "/{resolution_id}",
    operation_id="replaceResolution",
    summary="Write a new version",
    responses=problems(
        ResolutionNotFound, NotForYourPost, ResolutionDecided, ResolutionMeetingUnknown, ParagraphUnknown
    ),
)
async def replace_resolution(
    session: DbSession,
    actor: CurrentActor,
    resolution_id: UUID,
    body: ResolutionReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> ResolutionView:
    """Write a new version; earlier ones stay, and so do the comments on them.

    A paragraph sent with its `id` stays the same one, in other words or another place. While members comment, they are
    told of the new version. Where all is sent as it is and only `meeting_id` is another, the text keeps its version,
    and a vote on it its worth.
    """
    return tagged.one(await service.replace_resolution(session, actor, resolution_id, body, expected=expected))


@router.delete(
    "/{resolution_id}",
    operation_id="discardResolution",
    status_code=204,
    summary="Discard a draft",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionNotDraft),
)
async def discard_resolution(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, expected: ExpectedVersion
) -> None:
    """Delete a draft. What was opened can only be adopted or rejected."""
    await service.discard_resolution(session, actor, resolution_id, expected=expected)


@router.get(
    "/{resolution_id}/versions",
    operation_id="listResolutionVersions",
    summary="Versions of a resolution",
    responses=problems(ResolutionNotFound, NotForYourPost, CursorInvalid),
)
async def list_resolution_versions(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, paging: Paging, tagged: Tagged, linked: Linked
) -> ResolutionVersionPage:
    """List the versions, the first one first."""
    return tagged.page(linked(await queries.list_versions(session, actor, resolution_id, paging=paging)))


@router.get(
    "/{resolution_id}/versions/{version}",
    operation_id="getResolutionVersion",
    summary="One version",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionVersionNotFound),
)
async def get_resolution_version(
    session: DbSession,
    actor: CurrentActor,
    resolution_id: UUID,
    version: Annotated[int, Path(ge=1, le=_MOST)],
    tagged: Tagged,
) -> ResolutionVersionView:
    """Return one version as it was written."""
    return tagged.one(await queries.get_version(session, actor, resolution_id, version))


@router.get(
    "/{resolution_id}/comparison",
    operation_id="compareVersions",
    summary="Two versions compared",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionVersionNotFound),
)
async def compare_versions(
    session: DbSession,
    actor: CurrentActor,
    tagged: Tagged,
    resolution_id: UUID,
    before: FromVersion = None,
    after: ToVersion = None,
) -> ComparisonView:
    """Compare two versions paragraph by paragraph and word by word: by default the current one with the last before."""
    return tagged.whole(await queries.compare_versions(session, actor, resolution_id, before=before, after=after))


@router.get(
    "/{resolution_id}/comparison.html",
    operation_id="getComparisonPage",
    summary="Two versions compared, as a page",
    response_class=HTMLResponse,
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionVersionNotFound),
)
async def get_comparison_page(
    *,
    request: Request,
    session: DbSession,
    actor: CurrentActor,
    resolution_id: UUID,
    before: FromVersion = None,
    after: ToVersion = None,
) -> Response:
    """Return the comparison as one page for small screens, in the reader's language: no script, nothing to fetch."""
    locale = negotiate(request.headers.get("accept-language"))
    page = await queries.get_comparison_page(session, actor, resolution_id, before=before, after=after, locale=locale)
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Content-Language": locale.value,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(page, headers=headers)


@router.post(
    "/{resolution_id}/open",
    operation_id="openResolution",
    summary="Open for comments",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionNotDraft, CommentsUntilOutOfRange),
)
async def open_resolution(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, body: Opening, tagged: Tagged
) -> ResolutionView:
    """Open a draft for comments until an instant, when they close by themselves; the members are told."""
    return tagged.one(await service.open_resolution(session, actor, resolution_id, body))


@router.post(
    "/{resolution_id}/close",
    operation_id="closeResolution",
    summary="Close the comments",
    responses=problems(ResolutionNotFound, NotForYourPost, ResolutionNotOpen),
)
async def close_resolution(
    session: DbSession, actor: CurrentActor, resolution_id: UUID, tagged: Tagged
) -> ResolutionView:
    """Close the comments before their time."""
    return tagged.one(await service.close_resolution(session, actor, resolution_id))


# Here, since only resolutions know which of them named the meeting.
@meetings.delete(
    "/{meeting_id}",
    operation_id="discardMeeting",
    status_code=204,
    summary="Discard a draft",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotDraft),
)
async def discard_meeting(session: DbSession, actor: CurrentActor, meeting_id: UUID, expected: ExpectedVersion) -> None:
    """Delete a draft. What was announced can only be cancelled."""
    await service.discard_meeting(session, actor, meeting_id, expected=expected)

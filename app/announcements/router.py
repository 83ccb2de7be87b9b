"""Routes of announcements."""

from uuid import UUID

from app.announcements import queries, service
from app.announcements.errors import (
    AcknowledgementNotAsked,
    AnnouncementAlreadyExists,
    AnnouncementAlreadyPublished,
    AnnouncementNotDraft,
    AnnouncementNotFound,
    AnnouncementTimePassed,
    AnnouncementWithdrawn,
    ExpiryTooEarly,
    NotAddressed,
    OrganisationNotYoursToAddress,
    PublicationInPast,
)
from app.announcements.schemas import (
    AnnouncementCreate,
    AnnouncementPage,
    AnnouncementReplace,
    AnnouncementView,
    ReachView,
)
from app.documents.errors import DocumentNotFound, DocumentsNotFound, DocumentVisibilityFixed
from app.documents.schemas import DocumentPatch, DocumentView
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.readers import CurrentReader
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

organisations = Router(prefix="/organisations", tags=["announcements"], route_class=StrictRoute)
router = Router(prefix="/announcements", tags=["announcements"], route_class=StrictRoute)
documents = Router(prefix="/documents", tags=["documents"], route_class=StrictRoute)


@organisations.get(
    "/{organisation_id}/announcements",
    operation_id="listAnnouncements",
    summary="Announcements of an organisation",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_announcements(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, paging: Paging, tagged: Tagged, linked: Linked
) -> AnnouncementPage:
    """List an organisation's announcements, newest first; its authors see drafts and what has expired too."""
    return tagged.page(linked(await queries.list_announcements(session, actor, organisation_id, paging=paging)))


@organisations.post(
    "/{organisation_id}/announcements",
    operation_id="draftAnnouncement",
    status_code=201,
    summary="Draft an announcement",
    responses=problems(
        OrganisationNotFound,
        OrganisationHasEnded,
        OrganisationNotYoursToAddress,
        AnnouncementAlreadyExists,
        PublicationInPast,
        ExpiryTooEarly,
        DocumentsNotFound,
    ),
)
async def draft_announcement(
    session: DbSession, actor: CurrentActor, organisation_id: UUID, body: AnnouncementCreate, tagged: Tagged
) -> AnnouncementView:
    """Write a draft to everybody at or below the organisation, or to a part of them; its authors alone see it."""
    return tagged.one(await service.draft_announcement(session, actor, organisation_id, body))


@router.get(
    "/{announcement_id}",
    operation_id="getAnnouncement",
    summary="An announcement",
    responses=problems(AnnouncementNotFound),
)
async def get_announcement(
    session: DbSession, actor: CurrentActor, announcement_id: UUID, tagged: Tagged
) -> AnnouncementView:
    """Return an announcement with when I opened and acknowledged it. Reading it here marks nothing."""
    return tagged.one(await queries.get_announcement(session, actor, announcement_id))


@router.put(
    "/{announcement_id}",
    operation_id="replaceAnnouncement",
    summary="Change an announcement",
    responses=problems(
        AnnouncementNotFound,
        NotForYourPost,
        AnnouncementAlreadyPublished,
        AnnouncementWithdrawn,
        PublicationInPast,
        ExpiryTooEarly,
        DocumentsNotFound,
    ),
)
async def replace_announcement(
    session: DbSession,
    actor: CurrentActor,
    announcement_id: UUID,
    body: AnnouncementReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> AnnouncementView:
    """Rewrite a draft or a scheduled announcement; a scheduled one without `publish_at` is a draft again."""
    return tagged.one(await service.replace_announcement(session, actor, announcement_id, body, expected=expected))


@router.delete(
    "/{announcement_id}",
    operation_id="removeAnnouncement",
    status_code=204,
    summary="Discard or withdraw an announcement",
    responses=problems(AnnouncementNotFound, NotForYourPost, AnnouncementWithdrawn),
)
async def remove_announcement(
    session: DbSession, actor: CurrentActor, announcement_id: UUID, expected: ExpectedVersion
) -> None:
    """Discard what is not published; withdraw what is.

    A withdrawn announcement leaves every list and inbox at once, and pushes that have not left stay away. It has no
    documents any more, which can then be deleted.
    """
    await service.remove_announcement(session, actor, announcement_id, expected=expected)


@router.post(
    "/{announcement_id}/publish",
    operation_id="publishAnnouncement",
    summary="Publish an announcement",
    responses=problems(AnnouncementNotFound, NotForYourPost, AnnouncementNotDraft, AnnouncementTimePassed),
)
async def publish_announcement(
    session: DbSession, actor: CurrentActor, announcement_id: UUID, tagged: Tagged
) -> AnnouncementView:
    """Publish a draft: it is in everybody's list at once, and phones are told. With `publish_at`, at that hour."""
    return tagged.one(await service.publish_announcement(session, actor, announcement_id))


@router.put(
    "/{announcement_id}/opened",
    operation_id="openAnnouncement",
    summary="Say that I opened it",
    responses=problems(AnnouncementNotFound, NotAddressed),
)
async def open_announcement(
    session: DbSession, actor: CurrentActor, tagged: Tagged, announcement_id: UUID
) -> AnnouncementView:
    """Say that the announcement was opened on my phone; again changes nothing."""
    return tagged.one(await service.open_announcement(session, actor, announcement_id))


@router.put(
    "/{announcement_id}/acknowledgement",
    operation_id="acknowledgeAnnouncement",
    summary="Acknowledge an announcement",
    responses=problems(AnnouncementNotFound, NotAddressed, AcknowledgementNotAsked),
)
async def acknowledge_announcement(
    session: DbSession, actor: CurrentActor, tagged: Tagged, announcement_id: UUID
) -> AnnouncementView:
    """Confirm that I have taken note, where that is asked; again changes nothing."""
    return tagged.one(await service.acknowledge_announcement(session, actor, announcement_id))


@router.get(
    "/{announcement_id}/reach",
    operation_id="getAnnouncementReach",
    summary="How far it has come",
    responses=problems(AnnouncementNotFound, NotForYourPost),
)
async def get_announcement_reach(
    session: DbSession, actor: CurrentActor, tagged: Tagged, reader: CurrentReader, announcement_id: UUID
) -> ReachView:
    """Count whom it addresses, on how many phones it is, still waits or failed to come, who opened and acknowledged it.

    For its authors and officers above. The organisers of a branch are told by name whom to ring up, and who has not
    acknowledged.
    """
    return tagged.whole(await queries.get_reach(session, actor, announcement_id, locale=reader.locale))


# Here, since only announcements know which of them show other documents then.
@documents.patch(
    "/{document_id}",
    operation_id="changeDocument",
    summary="Rename or move a document",
    responses=problems(DocumentNotFound, NotForYourPost, DocumentVisibilityFixed),
)
async def change_document(
    session: DbSession,
    actor: CurrentActor,
    expected: ExpectedVersion,
    tagged: Tagged,
    document_id: UUID,
    body: DocumentPatch,
) -> DocumentView:
    """Change title, folder or visibility; for those who may add such a document, of one's own for oneself."""
    return tagged.one(await service.change_document(session, actor, document_id, body, expected=expected))

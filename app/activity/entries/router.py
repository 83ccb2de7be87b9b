"""Routes of one's own entries, and of the leaders who judge them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.activity.entries import queries, service
from app.activity.errors import (
    ActivityEntryAlreadyExists,
    ActivityEntryConfirmed,
    ActivityEntryInFuture,
    ActivityEntryNotFound,
    ActivityEntryNotSubmitted,
    OwnActivityEntry,
)
from app.activity.models import EntryStatus
from app.activity.schemas import EntryCreate, EntryPage, EntryReplace, EntryReturn, EntryView
from app.documents.errors import DocumentsNotFound
from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationNotFound

me = Router(prefix="/me", tags=["activity"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["activity"], route_class=StrictRoute)
router = Router(prefix="/activity-entries", tags=["activity"], route_class=StrictRoute)


@me.post(
    "/activity",
    operation_id="enterActivity",
    status_code=201,
    summary="Write down an activity of my own",
    responses=problems(ActivityEntryAlreadyExists, ActivityEntryInFuture, DocumentsNotFound),
)
async def enter_activity(session: DbSession, actor: CurrentActor, body: EntryCreate, tagged: Tagged) -> EntryView:
    """Write down something I took part in; it counts once the secretary of my branch has confirmed it."""
    return tagged.one(await service.enter_activity(session, actor, body))


@organisations.get(
    "/{organisation_id}/activity-entries",
    operation_id="listActivityEntries",
    summary="Entries to judge",
    responses=problems(OrganisationNotFound, NotForYourPost, CursorInvalid),
)
async def list_activity_entries(
    session: DbSession,
    actor: CurrentActor,
    organisation_id: UUID,
    paging: Paging,
    tagged: Tagged,
    linked: Linked,
    status: Annotated[EntryStatus | None, Query(description="Only these", examples=["submitted"])] = None,
) -> EntryPage:
    """List the entries of the branch's members, the oldest first; for its secretary and deputy."""
    found = await queries.list_activity_entries(session, actor, organisation_id, status=status, paging=paging)
    return tagged.page(linked(found))


@router.get(
    "/{entry_id}", operation_id="getActivityEntry", summary="An entry", responses=problems(ActivityEntryNotFound)
)
async def get_activity_entry(session: DbSession, actor: CurrentActor, entry_id: UUID, tagged: Tagged) -> EntryView:
    """Return an entry of my own, or of a member of the branch I lead."""
    return tagged.one(await queries.get_activity_entry(session, actor, entry_id))


@router.put(
    "/{entry_id}",
    operation_id="replaceActivityEntry",
    summary="Write an entry anew",
    responses=problems(
        ActivityEntryNotFound, NotForYourPost, ActivityEntryConfirmed, ActivityEntryInFuture, DocumentsNotFound
    ),
)
async def replace_activity_entry(
    session: DbSession,
    actor: CurrentActor,
    entry_id: UUID,
    body: EntryReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> EntryView:
    """Write an entry of my own anew while it is not confirmed; a returned one waits for the secretary again."""
    return tagged.one(await service.replace_activity_entry(session, actor, entry_id, body, expected=expected))


@router.delete(
    "/{entry_id}",
    operation_id="withdrawActivityEntry",
    status_code=204,
    summary="Withdraw an entry",
    responses=problems(ActivityEntryNotFound, NotForYourPost, ActivityEntryConfirmed),
)
async def withdraw_activity_entry(
    session: DbSession, actor: CurrentActor, entry_id: UUID, expected: ExpectedVersion
) -> None:
    """Delete an entry of my own that is not confirmed."""
    await service.withdraw_activity_entry(session, actor, entry_id, expected=expected)


@router.post(
    "/{entry_id}/confirm",
    operation_id="confirmActivityEntry",
    summary="Confirm an entry",
    responses=problems(ActivityEntryNotFound, OwnActivityEntry, ActivityEntryNotSubmitted),
)
async def confirm_activity_entry(session: DbSession, actor: CurrentActor, entry_id: UUID, tagged: Tagged) -> EntryView:
    """Confirm what a member of my branch wrote down; the member is told. Nobody judges their own entry."""
    return tagged.one(await service.confirm_activity_entry(session, actor, entry_id))


@router.post(
    "/{entry_id}/return",
    operation_id="returnActivityEntry",
    summary="Return an entry",
    responses=problems(ActivityEntryNotFound, OwnActivityEntry, ActivityEntryNotSubmitted),
)
async def return_activity_entry(
    session: DbSession, actor: CurrentActor, entry_id: UUID, body: EntryReturn, tagged: Tagged
) -> EntryView:
    """Give an entry back with the reason; the member is told, and may write it anew."""
    return tagged.one(await service.return_activity_entry(session, actor, entry_id, body))

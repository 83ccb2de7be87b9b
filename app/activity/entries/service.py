"""Commands of the entry: written, written anew and withdrawn by the member, confirmed or returned by a leader."""

from datetime import date
from uuid import UUID

from sqlalchemy import delete

from app.activity import access
from app.activity.entries import queries
from app.activity.errors import (
    ActivityEntryAlreadyExists,
    ActivityEntryConfirmed,
    ActivityEntryInFuture,
    ActivityEntryNotSubmitted,
)
from app.activity.events import EntryConfirmed, EntryEvent, EntryReturned, EntrySubmitted, EntryWithdrawn
from app.activity.models import ActivityEntry, EntryStatus
from app.activity.schemas import EntryCreate, EntryReplace, EntryReturn, EntryView
from app.documents.queries import require_own_document
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.notifications.service import withdraw_notices


async def enter_activity(session: Session, actor: Actor, body: EntryCreate) -> EntryView:
    """Write down something one took part in; it waits for the secretary of one's branch.

    Raises ActivityEntryInFuture, DocumentsNotFound, and ActivityEntryAlreadyExists for an id that is taken.
    """
    _require_past(session, body.occurred_on)
    await _require_own_document(session, actor, body)
    entry = ActivityEntry(
        id=body.id or session.new_id(), member_id=actor.member_id, version=1, created_at=session.now()
    )
    _submit(actor, entry, body)
    async with refusing_duplicates(session, {"pk_activity_entries": ActivityEntryAlreadyExists}):
        session.add(entry)
    await record(session, _fact(EntrySubmitted, actor, entry))
    return await queries.view_entry(session, entry)


async def replace_activity_entry(
    session: Session, actor: Actor, entry_id: UUID, body: EntryReplace, *, expected: int
) -> EntryView:
    """Write an entry anew; a returned one waits for the secretary again.

    Raises ActivityEntryNotFound, NotForYourPost, VersionChanged, ActivityEntryConfirmed, ActivityEntryInFuture,
    DocumentsNotFound.
    """
    entry = await _open_for_author(session, actor, entry_id, expected=expected)
    _require_past(session, body.occurred_on)
    await _require_own_document(session, actor, body)
    former_id = None if entry.organisation_id == actor.organisation_id else entry.organisation_id
    _submit(actor, entry, body)
    entry.version += 1
    await withdraw_notices(session, subject_id=entry.id)
    await record(session, _fact(EntrySubmitted, actor, entry).model_copy(update={"former_id": former_id}))
    return await queries.view_entry(session, entry)


async def withdraw_activity_entry(session: Session, actor: Actor, entry_id: UUID, *, expected: int) -> None:
    """Delete an entry that is not confirmed.

    Raises ActivityEntryNotFound, NotForYourPost, VersionChanged, ActivityEntryConfirmed.
    """
    entry = await _open_for_author(session, actor, entry_id, expected=expected)
    await withdraw_notices(session, subject_id=entry.id)
    await record(session, _fact(EntryWithdrawn, actor, entry))
    await session.execute(delete(ActivityEntry).where(ActivityEntry.id == entry.id))


async def confirm_activity_entry(session: Session, actor: Actor, entry_id: UUID) -> EntryView:
    """Say that it is so; the member is told.

    Raises ActivityEntryNotFound, OwnActivityEntry, NotForYourPost, ActivityEntryNotSubmitted.
    """
    entry = await _for_judgement(session, actor, entry_id)
    _decide(session, actor, entry, EntryStatus.confirmed, reason=None)
    await record(session, _fact(EntryConfirmed, actor, entry))
    return await queries.view_entry(session, entry)


async def return_activity_entry(session: Session, actor: Actor, entry_id: UUID, body: EntryReturn) -> EntryView:
    """Give it back with the reason; the member is told, and may write it anew.

    Raises ActivityEntryNotFound, OwnActivityEntry, NotForYourPost, ActivityEntryNotSubmitted.
    """
    entry = await _for_judgement(session, actor, entry_id)
    _decide(session, actor, entry, EntryStatus.returned, reason=body.reason)
    await record(session, _fact(EntryReturned, actor, entry))
    return await queries.view_entry(session, entry)


async def _open_for_author(session: Session, actor: Actor, entry_id: UUID, *, expected: int) -> ActivityEntry:
    entry = await queries.get_visible_entry(session, actor, entry_id, for_update=True)
    access.require_author(actor, entry)
    require_version(entry.version, expected)
    if entry.status is EntryStatus.confirmed:
        raise ActivityEntryConfirmed
    return entry


async def _for_judgement(session: Session, actor: Actor, entry_id: UUID) -> ActivityEntry:
    entry = await queries.get_visible_entry(session, actor, entry_id, for_update=True)
    access.require_judge(actor, entry)
    if entry.status is not EntryStatus.submitted:
        raise ActivityEntryNotSubmitted
    return entry


def _submit(actor: Actor, entry: ActivityEntry, body: EntryReplace) -> None:
    # Who moved to another branch meanwhile is judged there.
    entry.organisation_id = actor.organisation_id
    entry.status = EntryStatus.submitted
    entry.title = body.title
    entry.body = body.body
    entry.occurred_on = body.occurred_on
    entry.document_id = body.document_id
    entry.reason = entry.decided_by = entry.decided_at = None


def _decide(session: Session, actor: Actor, entry: ActivityEntry, status: EntryStatus, *, reason: str | None) -> None:
    entry.status = status
    entry.reason = reason
    entry.decided_by = actor.member_id
    entry.decided_at = session.now()
    entry.version += 1


def _require_past(session: Session, day: date) -> None:
    if day > session.today():
        text = Text(vi="Chưa đến ngày này", en="This day has not come yet")
        raise ActivityEntryInFuture(fields=(FieldProblem(pointer="/occurred_on", code="in_future", detail=text),))


async def _require_own_document(session: Session, actor: Actor, body: EntryReplace) -> None:
    if body.document_id is not None:
        await require_own_document(session, actor, body.document_id, pointer="/document_id")


def _fact(kind: type[EntryEvent], actor: Actor, entry: ActivityEntry) -> EntryEvent:
    return kind(
        organisation_id=entry.organisation_id,
        subject_id=entry.id,
        actor_member_id=actor.member_id,
        member_id=entry.member_id,
        version=entry.version,
    )

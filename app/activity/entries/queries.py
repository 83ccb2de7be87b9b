"""Reads of entries; visibility comes first in each."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_

from app.activity import access
from app.activity.errors import ActivityEntryNotFound
from app.activity.models import ActivityEntry, ActivityType, EntryStatus
from app.activity.schemas import ActivitySubject, EntryPage, EntryView
from app.activity.years import beginning_of
from app.documents.queries import documents_of
from app.documents.schemas import DocumentRef
from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.models import Member
from app.members.schemas import MemberRef
from app.organisations.queries import get_visible_organisation


async def get_visible_entry(
    session: Session, actor: Actor, entry_id: UUID, *, for_update: bool = False
) -> ActivityEntry:
    """Return an entry; raises ActivityEntryNotFound for anybody but its author and the leaders of the branch.

    `for_update` locks the row until the unit of work ends: a member's correction and a decision follow each other.
    """
    entry = await session.get(ActivityEntry, entry_id, with_for_update=for_update or None)
    if entry is None:
        raise ActivityEntryNotFound
    access.require_visible(actor, entry)
    return entry


async def get_activity_entry(session: Session, actor: Actor, entry_id: UUID) -> EntryView:
    """Return one entry; raises ActivityEntryNotFound."""
    entry = await get_visible_entry(session, actor, entry_id)
    return await view_entry(session, entry)


async def find_activity_entries(session: Session, actor: Actor, ids: Collection[UUID]) -> list[EntryView]:
    """Return those of the entries that the caller may see."""
    found = await session.execute(_select_views().where(ActivityEntry.id.in_(ids)))
    rows = [row for row in found if access.sees(actor, row.ActivityEntry)]
    documents = await _documents(session, rows)
    return [_view(row, documents) for row in rows]


async def list_activity_entries(
    session: Session, actor: Actor, organisation_id: UUID, *, status: EntryStatus | None, paging: PageRequest
) -> EntryPage:
    """Return the entries that the leaders of a branch judge or have judged, the oldest first.

    Raises OrganisationNotFound, NotForYourPost.
    """
    await get_visible_organisation(session, actor, organisation_id)
    access.require_leader(actor, organisation_id)
    wanted = _select_views().where(ActivityEntry.organisation_id == organisation_id)
    if status is not None:
        wanted = wanted.where(ActivityEntry.status == status)
    after = paging.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(ActivityEntry.created_at, ActivityEntry.id) > tuple_(*after))
    order = (ActivityEntry.created_at, ActivityEntry.id)
    rows = (await session.execute(wanted.order_by(*order).limit(paging.limit + 1))).all()
    documents = await _documents(session, rows)
    return paging.page(
        rows,
        into=EntryPage,
        view=lambda row: _view(row, documents),
        key=lambda row: (row.ActivityEntry.created_at.isoformat(), row.ActivityEntry.id),
    )


async def view_entry(session: Session, entry: ActivityEntry) -> EntryView:
    """Return an entry that the caller is known to see."""
    await session.flush()
    row = (await session.execute(_select_views().where(ActivityEntry.id == entry.id))).one()
    return _view(row, await _documents(session, [row]))


def _select_views() -> Select[ActivityEntry, str]:
    return select(ActivityEntry, Member.full_name).join(Member, Member.id == ActivityEntry.member_id)


async def _documents(session: Session, rows: Sequence[Row[ActivityEntry, str]]) -> dict[UUID, DocumentRef]:
    return await documents_of(session, [entry.document_id for entry, _ in rows if entry.document_id])


def _view(row: Row[ActivityEntry, str], documents: dict[UUID, DocumentRef]) -> EntryView:
    entry, full_name = row
    return EntryView(
        id=entry.id,
        version=entry.version,
        type=ActivityType.entry,
        occurred_at=beginning_of(entry.occurred_on),
        occurred_on=entry.occurred_on,
        organisation_id=entry.organisation_id,
        subject=ActivitySubject(type="activity_entry", id=entry.id),
        summary=entry.title,
        status=entry.status,
        title=entry.title,
        body=entry.body,
        # Of who moved here it may lie in the branch before, whose papers nobody here reads.
        document=documents.get(entry.document_id) if entry.document_id else None,
        member=MemberRef(member_id=entry.member_id, full_name=full_name),
        reason=entry.reason,
        decided_by=entry.decided_by,
        decided_at=entry.decided_at,
    )

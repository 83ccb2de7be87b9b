"""Reads of documents; visibility stands in each query."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
)

from app.documents import access
from app.documents.errors import DocumentNotFound, DocumentsNotFound
from app.documents.models import Document, DocumentBookmark, Visibility
from app.documents.schemas import DocumentRef, DocumentView, FolderPage, FolderView
from app.kernel.asking import ENDED, ME, PATH, TODAY, held_as
from app.kernel.context import hold
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.i18n import Text
from app.kernel.pagination import PageRequest
from app.kernel.scopes import Change, Op
from app.kernel.security import LEADERS, OFFICERS, Actor
from app.members.queries import hosts_of
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation

_NO_DOCUMENT = Text(vi="Không có tài liệu này", en="There is no such document")
_NO_ID = UUID(int=0)
_TWICE = Text(vi="Tài liệu này đã có trong danh sách", en="This document stands in the list already")


def visible_to(actor: Actor, session: Session, *, of: type[Document] = Document) -> ColumnElement[bool]:
    """Say, for a row of `documents` or of what `of` stands for, what `access.py` says in words."""
    return _is_visible(
        of,
        shared=shares(actor, session, of.organisation_id),
        of_committee=of.organisation_id.in_(access.places_of(actor, access.SEATS)),
        own=or_(of.uploaded_by == actor.member_id, of.organisation_id.in_(access.reads_owned_in(actor))),
    )


def visible_to_asking() -> ColumnElement[bool]:
    """Say the same for whoever asks in a screen (`kernel.asking`)."""
    place, seats = Document.organisation_id, held_as(access.SEATS)
    below = select(Organisation.id).where(Organisation.path.bool_op("&&")(held_as(OFFICERS)))
    places = (place == any_(asked) for asked in (PATH, ENDED, seats))
    return _is_visible(
        Document,
        shared=or_(*places, place.in_(hosts_of(ME, TODAY)), place.in_(below)),
        of_committee=place == any_(seats),
        own=or_(Document.uploaded_by == ME, place == any_(held_as(LEADERS))),
    )


def _is_visible(
    of: type[Document], *, shared: ColumnElement[bool], of_committee: ColumnElement[bool], own: ColumnElement[bool]
) -> ColumnElement[bool]:
    return or_(
        and_(of.visibility == Visibility.organisation, shared),
        and_(of.visibility == Visibility.committee, of_committee),
        and_(of.visibility == Visibility.owner, own),
    )


def shares(actor: Actor, session: Session, place: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    """Say of an organisation's id whether the caller reads what its library shares (`Visibility.organisation`)."""
    hosts = hosts_of(actor.member_id, session.today())
    shared = [place.in_({*actor.path, *actor.ended, *access.places_of(actor, access.SEATS)}), place.in_(hosts)]
    officers = sorted(access.places_of(actor, OFFICERS))
    if officers:
        below = select(Organisation.id).where(Organisation.path.bool_op("&&")(literal(officers, ARRAY(Uuid))))
        shared.append(place.in_(below))
    return or_(*shared)


async def get_visible_document(
    session: Session, actor: Actor, document_id: UUID, *, for_update: bool = False
) -> Document:
    """Return a document; raises DocumentNotFound. `for_update` locks its row until the unit of work ends."""
    wanted = select(Document).where(Document.id == document_id, visible_to(actor, session))
    if for_update:
        wanted = wanted.with_for_update(of=Document)
    document = (await session.scalars(wanted)).one_or_none()
    if document is None:
        raise DocumentNotFound
    return document


async def require_attachable(
    session: Session, actor: Actor, ids: Sequence[UUID], *, path: Sequence[UUID], pointer: str
) -> None:
    """Raise DocumentsNotFound unless each id, once, is a shared document of an organisation in `path` that one reads.

    None of them is deleted before the unit of work ends. `path` runs from the root to the organisation of the thing
    they are attached to; `pointer` is the JSON pointer of the list of ids, and the refusal names each wrong one as
    `<pointer>/<index>`.
    """
    if not ids:
        return
    usable = set(
        await session.scalars(
            select(Document.id)
            .where(
                Document.id.in_(ids),
                Document.organisation_id.in_(path),
                Document.visibility != Visibility.owner,
                visible_to(actor, session),
            )
            .with_for_update(of=Document, read=True, key_share=True)
        )
    )
    wrong = []
    for index, identifier in enumerate(ids):
        if identifier not in usable:
            wrong.append(FieldProblem(pointer=f"{pointer}/{index}", code="document_not_found", detail=_NO_DOCUMENT))
        elif identifier in ids[:index]:
            wrong.append(FieldProblem(pointer=f"{pointer}/{index}", code="duplicate_document", detail=_TWICE))
    if wrong:
        raise DocumentsNotFound(fields=tuple(wrong))


async def require_own_document(session: Session, actor: Actor, document_id: UUID, *, pointer: str) -> None:
    """Raise DocumentsNotFound unless the actor uploaded the document for themselves (visibility `owner`).

    It is not deleted before the unit of work ends.
    """
    own = (
        select(Document.id)
        .where(
            Document.id == document_id,
            Document.uploaded_by == actor.member_id,
            Document.visibility == Visibility.owner,
        )
        .with_for_update(read=True, key_share=True)
    )
    if await session.scalar(own) is None:
        problem = FieldProblem(pointer=pointer, code="document_not_found", detail=_NO_DOCUMENT)
        raise DocumentsNotFound(fields=(problem,))


async def documents_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, DocumentRef]:
    """Return documents by their ids, as papers are listed; the caller has checked that they may be shown."""
    rows = await session.execute(
        select(
            Document.id,
            Document.title,
            Document.file_name,
            Document.media_type,
            Document.size_bytes,
            Document.uploaded_at,
        ).where(Document.id.in_(ids))
    )
    return {row.id: DocumentRef.model_validate(row) for row in rows}


def select_views(actor: Actor) -> Select[Document, bool]:
    """Select documents, each with whether the caller has a bookmark on it; the visibility is the caller's to add."""
    bookmarked = exists().where(
        DocumentBookmark.document_id == Document.id, DocumentBookmark.member_id == actor.member_id
    )
    return select(Document, bookmarked.label("bookmarked"))


def view_row(row: Any) -> DocumentView:
    """Return a row of `select_views` (Any) as it is shown."""
    document: Document = row.Document
    return DocumentView(
        id=document.id,
        version=document.version,
        organisation_id=document.organisation_id,
        title=document.title,
        folder=document.folder,
        file_name=document.file_name,
        media_type=document.media_type,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
        visibility=document.visibility,
        text_state=document.text_state,
        uploaded_by=document.uploaded_by,
        uploaded_at=document.uploaded_at,
        bookmarked=row.bookmarked,
    )


async def view_document(session: Session, actor: Actor, document_id: UUID) -> DocumentView:
    """Return a document that the caller is known to see, as they see it."""
    await session.flush()
    return view_row((await session.execute(select_views(actor).where(Document.id == document_id))).one())


async def get_document(session: Session, actor: Actor, document_id: UUID) -> DocumentView:
    """Return one document; raises DocumentNotFound."""
    wanted = select_views(actor).where(Document.id == document_id, visible_to(actor, session))
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise DocumentNotFound
    return view_row(row)


async def find_documents(session: Session, actor: Actor, ids: Collection[UUID]) -> list[DocumentView]:
    """Return those of the documents that the caller may read."""
    rows = await session.execute(select_views(actor).where(Document.id.in_(ids), visible_to(actor, session)))
    return [view_row(row) for row in rows]


async def find_bookmark_changes(session: Session, versions: Mapping[UUID, int], op: Op = Op.upsert) -> list[Change]:
    """Return the change of documents (ids with their versions) for each member who has a bookmark on one.

    A bookmark brings a document to phones that are told nothing of the scope that holds it. Before they are deleted,
    and their bookmarks with them.
    """
    # A bookmark is nobody else's to see, but for the unit of work that has to tell of the document.
    await hold(session, *(f"document:{document_id}" for document_id in versions))
    rows = await session.execute(
        select(DocumentBookmark.member_id, DocumentBookmark.document_id).where(
            DocumentBookmark.document_id.in_(versions)
        )
    )
    return [Change(row.member_id, "document", row.document_id, versions[row.document_id], op) for row in rows]


async def is_told_anyway(session: Session, actor: Actor, document: Document) -> bool:
    """Say whether the caller's phones are told of a document without a bookmark too: its scope is one of theirs.

    Which are theirs is what `changes.queries` finds.
    """
    scope = document.scope_id
    if scope in {actor.member_id, *actor.path, *actor.ended, *access.places_of(actor, access.SEATS)}:
        return True
    hosts = hosts_of(actor.member_id, session.today())
    above = Organisation.path.bool_op("@>")(literal([scope], ARRAY(Uuid)))
    return bool(await session.scalar(select(exists().where(Organisation.id.in_(hosts), above))))


async def list_document_folders(
    session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest
) -> FolderPage:
    """List a library's folders with how many documents the caller may read in each; raises OrganisationNotFound."""
    await get_visible_organisation(session, actor, organisation_id)
    name = func.coalesce(Document.folder, "").collate("C")
    query = select(Document.folder, func.count().label("document_count"), name.label("name")).where(
        Document.organisation_id == organisation_id, visible_to(actor, session)
    )
    if paging.after is not None:
        query = query.where(name > paging.after[0])
    rows = (await session.execute(query.group_by(Document.folder).order_by(name).limit(paging.limit + 1))).all()
    return paging.page(
        rows,
        into=FolderPage,
        view=lambda row: FolderView(name=row.folder, document_count=row.document_count),
        key=lambda row: (row.name, _NO_ID),
    )

"""Commands on documents: upload, change, delete, bookmark; and the jobs that read and clear away files."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.documents import access, queries
from app.documents.contents import MediaType, judge, require_file_name
from app.documents.errors import (
    DocumentAlreadyExists,
    DocumentContentUnavailable,
    DocumentInUse,
    DocumentVisibilityFixed,
    SecrecyNotExcluded,
)
from app.documents.events import (
    BookmarkEvent,
    DocumentBookmarked,
    DocumentChanged,
    DocumentDeleted,
    DocumentEvent,
    DocumentUnbookmarked,
    DocumentUploaded,
)
from app.documents.models import Document, DocumentBookmark, TextState, TitleWord, Visibility
from app.documents.schemas import DocumentPatch, DocumentView
from app.documents.store import ContentMissing, DocumentStore
from app.documents.texts import WITH_TEXT, read_text
from app.documents.words import distinct, joined
from app.kernel.db import Database, Session, transaction
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.jobs import Lane, defer
from app.kernel.scopes import Change, Op
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.organisations.queries import get_lasting_organisation

INDEX_TASK = "documents.index"
REMOVE_TASK = "documents.remove"
ORPHANED_AFTER = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file and what its uploader says of it; None is left to the service."""

    content: bytes
    file_name: str
    not_secret: bool
    visibility: Visibility
    id: UUID | None = None
    organisation_id: UUID | None = None
    title: str | None = None
    folder: str | None = None


async def upload_document(session: Session, actor: Actor, store: DocumentStore, upload: Upload) -> DocumentView:
    """Take a file into a library: its bytes first, then its row, so that no row is ever without bytes.

    Raises OrganisationNotFound, NotForYourPost, SecrecyNotExcluded, DocumentAlreadyExists for an id that is taken,
    DocumentContentUnavailable where the store takes nothing, and what `contents` says of the file and its name.
    """
    organisation = await get_lasting_organisation(session, actor, upload.organisation_id or actor.organisation_id)
    access.require_uploader(actor, organisation.id, upload.visibility)
    if not upload.not_secret:
        raise SecrecyNotExcluded
    file_name = require_file_name(upload.file_name)
    kind, digest = await asyncio.to_thread(_examine, upload.content, file_name)
    title = upload.title or file_name
    document = Document(
        id=upload.id or session.new_id(),
        organisation_id=organisation.id,
        uploaded_by=actor.member_id,
        uploaded_at=session.now(),
        title=title,
        title_words=joined(title),
        folder=upload.folder,
        file_name=file_name,
        media_type=kind.value,
        size_bytes=len(upload.content),
        sha256=digest,
        storage_key=secrets.token_hex(16),
        visibility=upload.visibility,
        text_state=TextState.waiting if kind in WITH_TEXT else TextState.none,
        version=1,
    )
    try:
        await store.write(document.storage_key, upload.content)
    except ContentMissing:
        raise DocumentContentUnavailable(headers={"Retry-After": "60"}) from None
    try:
        async with refusing_duplicates(session, {"pk_documents": DocumentAlreadyExists}):
            session.add(document)
        await _learn_words(session, document)
        await record(session, _fact(DocumentUploaded, actor, document))
        await _read_later(session, document)
    except BaseException:  # a commit that fails later leaves the object to the nightly sweep
        await store.remove(document.storage_key)
        raise
    return await queries.view_document(session, actor, document.id)


def _examine(content: bytes, file_name: str) -> tuple[MediaType, str]:
    return judge(content, file_name=file_name), hashlib.sha256(content).hexdigest()


async def change_document(
    session: Session, actor: Actor, document_id: UUID, body: DocumentPatch, *, expected: int
) -> DocumentView:
    """Give a document another title, folder or visibility; the file itself never changes.

    For the announcements feature, which tells of those that it goes with. Raises DocumentNotFound, NotForYourPost,
    VersionChanged, DocumentVisibilityFixed.
    """
    document = await _for_change(session, actor, document_id, expected=expected)
    wanted = body.model_dump(exclude_unset=True)
    visibility = wanted.get("visibility", document.visibility)
    if (visibility is Visibility.owner) != (document.visibility is Visibility.owner):
        raise DocumentVisibilityFixed
    document.visibility = visibility
    document.folder = wanted.get("folder", document.folder) or None
    if wanted.get("title", document.title) != document.title:
        document.title = wanted["title"]
        document.title_words = joined(document.title)
        await _learn_words(session, document)
        await _read_later(session, document)
    document.version += 1
    await record(session, _fact(DocumentChanged, actor, document))
    session.changes += await queries.find_bookmark_changes(session, {document.id: document.version})
    return await queries.view_document(session, actor, document.id)


async def delete_document(session: Session, actor: Actor, document_id: UUID, *, expected: int) -> None:
    """Delete a document that nothing else holds; its bytes go after the commit.

    Raises DocumentNotFound, NotForYourPost, VersionChanged, DocumentInUse.
    """
    document = await _for_change(session, actor, document_id, expected=expected)
    told = await queries.find_bookmark_changes(session, {document.id: document.version}, Op.delete)
    try:
        async with session.begin_nested():
            await session.execute(delete(Document).where(Document.id == document_id))
    except IntegrityError as error:
        # The tables that hold documents belong to features above; their foreign keys speak for them.
        if isinstance(error.orig, psycopg.errors.ForeignKeyViolation):
            raise DocumentInUse from None
        raise
    await record(session, _fact(DocumentDeleted, actor, document))
    session.changes += told
    await defer(session, REMOVE_TASK, {"key": document.storage_key}, lane=Lane.bulk)


async def bookmark_document(session: Session, actor: Actor, document_id: UUID) -> None:
    """Keep a document at hand; again changes nothing. Raises DocumentNotFound."""
    document = await queries.get_visible_document(session, actor, document_id, for_update=True)
    set_now = await session.scalar(
        insert(DocumentBookmark)
        .values(member_id=actor.member_id, document_id=document.id, created_at=session.now())
        .on_conflict_do_nothing()
        .returning(DocumentBookmark.document_id)
    )
    if set_now is not None:
        await record(session, _bookmark(DocumentBookmarked, actor, document))


async def remove_bookmark(session: Session, actor: Actor, document_id: UUID) -> None:
    """Take a bookmark away; again changes nothing. Raises DocumentNotFound."""
    document = await queries.get_visible_document(session, actor, document_id, for_update=True)
    removed = await session.scalar(
        delete(DocumentBookmark)
        .where(DocumentBookmark.member_id == actor.member_id, DocumentBookmark.document_id == document.id)
        .returning(DocumentBookmark.document_id)
    )
    if removed is not None:
        await record(session, _bookmark(DocumentUnbookmarked, actor, document))
        if not await queries.is_told_anyway(session, actor, document):
            # Their phones would keep it as it was for good; of two changes the later one counts.
            session.changes.append(Change(actor.member_id, "document", document.id, document.version, Op.delete))


async def index_document(database: Database, store: DocumentStore, document_id: UUID) -> None:
    """Read a file's text and make it searchable, together with the title's words.

    No transaction is open while the file is read. What cannot be read is noted as such and not tried again; a store
    that cannot be reached fails the job, which is.
    """
    async with database.session() as session:
        found = (
            await session.execute(select(Document.storage_key, Document.media_type).where(Document.id == document_id))
        ).one_or_none()
    if found is None:
        return
    try:
        text = await read_text(await store.read(found.storage_key), MediaType(found.media_type))
    except ContentMissing:
        text = None
    state = TextState.unreadable if text is None else TextState.read if text.strip() else TextState.none
    async with transaction(database) as session:
        words = func.document_fold  # the fold of PostgreSQL, as the title's is
        wanted = select(Document).where(Document.id == document_id).with_for_update()
        document = (await session.scalars(wanted)).one_or_none()
        if document is None:  # deleted meanwhile
            return
        if document.text_state is not state:
            session.changes.append(Change(document.scope_id, "document", document.id, document.version))
            session.changes += await queries.find_bookmark_changes(session, {document.id: document.version})
        body = distinct(f"{document.title} {text}") if state is TextState.read else None
        await session.execute(
            update(Document)
            .where(Document.id == document_id)
            .values(
                text_state=state,
                body_exact=func.document_vector(body),
                body_folded=func.document_vector(words(body)),
            )
        )
    log.info("document_read", state=state.value)


async def sweep_orphans(database: Database, store: DocumentStore) -> int:
    """Remove the objects older than a day that no row names, and return how many: what failed commits left."""
    removed = 0
    async with database.session() as session:
        before = session.now() - ORPHANED_AFTER
        async for keys in store.older_than(before):
            known = set(await session.scalars(select(Document.storage_key).where(Document.storage_key.in_(keys))))
            for key in keys:
                if key not in known:
                    await store.remove(key)
                    removed += 1
    return removed


async def _for_change(session: Session, actor: Actor, document_id: UUID, *, expected: int) -> Document:
    document = await queries.get_visible_document(session, actor, document_id, for_update=True)
    access.require_keeper(actor, document)
    require_version(document.version, expected)
    return document


async def _read_later(session: Session, document: Document) -> None:
    if MediaType(document.media_type) in WITH_TEXT:
        await defer(session, INDEX_TASK, {"document_id": str(document.id)}, lane=Lane.bulk)


async def _learn_words(session: Session, document: Document) -> None:
    # In their order, so that two uploads with the same new words never wait for each other in a ring.
    folded = func.string_to_array(func.document_fold(document.title_words), " ")
    words = select(func.unnest(folded).label("word")).distinct().order_by("word")
    await session.execute(insert(TitleWord).from_select(["word"], words).on_conflict_do_nothing())


def _fact(kind: type[DocumentEvent], actor: Actor, document: Document) -> DocumentEvent:
    return kind(
        organisation_id=document.organisation_id,
        subject_id=document.id,
        actor_member_id=actor.member_id,
        version=document.version,
        visibility=document.visibility,
        uploaded_by=document.uploaded_by,
    )


def _bookmark(kind: type[BookmarkEvent], actor: Actor, document: Document) -> BookmarkEvent:
    return kind(
        organisation_id=actor.organisation_id,
        subject_id=document.id,
        actor_member_id=actor.member_id,
        member_id=actor.member_id,
        version=document.version,
    )

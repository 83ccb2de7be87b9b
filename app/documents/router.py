"""Routes of documents."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, File, Form, Header, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from app.documents import queries, service
from app.documents.contents import MAX_BYTES, MediaType
from app.documents.errors import (
    DocumentAlreadyExists,
    DocumentContentUnavailable,
    DocumentDamaged,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentInUse,
    DocumentKindNotTaken,
    DocumentNotFound,
    DocumentTooLarge,
    DocumentUnpacksTooLarge,
    FileNameMisleading,
    FileNameNotAllowed,
    RangeNotSatisfiable,
    SecrecyNotExcluded,
)
from app.documents.models import Visibility
from app.documents.ranges import wanted_bytes
from app.documents.schemas import DocumentView, FolderPage, FormLine
from app.documents.service import Upload
from app.documents.store import ContentMissing, DocumentStore
from app.kernel.bodies import MAX_JSON_BYTES, StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import MAX_HEADER_LENGTH, ExpectedVersion, IfNoneMatch, NotModified, Tagged
from app.kernel.pagination import CursorInvalid, Linked, Paging
from app.kernel.problems import BodyTooLarge, problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound

me = Router(prefix="/me", tags=["documents"], route_class=StrictRoute)
organisations = Router(prefix="/organisations", tags=["documents"], route_class=StrictRoute)
router = Router(prefix="/documents", tags=["documents"], route_class=StrictRoute)

# What the store keeps under a random key never changes.
_FOREVER = "private, max-age=31536000, immutable"
_BYTES: dict[str, Any] = {  # Any: an OpenAPI fragment
    "content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in MediaType}
}


async def _store(request: Request) -> DocumentStore:
    store: DocumentStore = request.app.state.documents
    return store


Store = Annotated[DocumentStore, Depends(_store)]


@router.post(
    "",
    operation_id="uploadDocument",
    summary="Upload a document",
    status_code=201,
    max_body_size=MAX_BYTES + MAX_JSON_BYTES,  # the file, and what multipart puts around it
    responses=problems(
        OrganisationNotFound,
        NotForYourPost,
        OrganisationHasEnded,
        DocumentAlreadyExists,
        DocumentTooLarge,
        BodyTooLarge,
        SecrecyNotExcluded,
        FileNameNotAllowed,
        FileNameMisleading,
        DocumentEmpty,
        DocumentKindNotTaken,
        DocumentEncrypted,
        DocumentDamaged,
        DocumentUnpacksTooLarge,
        DocumentContentUnavailable,
    ),
)
async def upload_document(
    *,
    session: DbSession,
    actor: CurrentActor,
    store: Store,
    tagged: Tagged,
    file: Annotated[UploadFile, File(description="PDF, DOCX, XLSX, PNG or JPEG; at most 20 MiB")],
    not_secret: Annotated[
        bool, Form(description="true: the uploader declares that it is no state secret (Luật Bảo vệ bí mật nhà nước)")
    ],
    organisation_id: Annotated[UUID | None, Form(description="Whose library; by default one's own branch")] = None,
    title: Annotated[
        FormLine | None,
        Form(description="By default the file's name", examples=["Nghị quyết Đảng ủy tháng 12"]),
    ] = None,
    folder: Annotated[FormLine | None, Form(description="A folder of the library", examples=["Nghị quyết"])] = None,
    visibility: Annotated[
        Visibility,
        Form(
            description="`organisation`: its members and those of everything below. `committee`: who holds a seat "
            "there. `owner`: oneself and the branch's secretary"
        ),
    ] = Visibility.organisation,
    id: Annotated[  # noqa: A002 the field's name in every creation
        UUID | None, Form(description="The client's own id (UUID), for an offline outbox")
    ] = None,
) -> DocumentView:
    """Put a file into an organisation's library.

    Organisers and officers of the organisation add shared documents; every member adds documents of their own
    (`owner`) in their branch. The kind is judged by the content, and the name's extension must agree with it. The
    text of PDF, DOCX and XLSX is searchable soon after: `text_state` says how far.
    """
    return tagged.one(
        await service.upload_document(
            session,
            actor,
            store,
            Upload(
                content=await file.read(),
                file_name=file.filename or "",
                not_secret=not_secret,
                organisation_id=organisation_id,
                title=title,
                folder=folder,
                visibility=visibility,
                id=id,
            ),
        )
    )


@router.get("/{document_id}", operation_id="getDocument", summary="A document", responses=problems(DocumentNotFound))
async def get_document(session: DbSession, actor: CurrentActor, tagged: Tagged, document_id: UUID) -> DocumentView:
    """Show what is known of a document; its bytes are at `/content`."""
    return tagged.one(await queries.get_document(session, actor, document_id))


@router.get(
    "/{document_id}/content",
    operation_id="getDocumentContent",
    summary="A document's file",
    response_class=Response,
    responses={
        **problems(DocumentNotFound, RangeNotSatisfiable, DocumentContentUnavailable),
        200: {"description": "The whole file", **_BYTES},
        206: {"description": "The bytes asked for, named in `Content-Range`", **_BYTES},
    },
)
async def get_document_content(
    *,
    session: DbSession,
    actor: CurrentActor,
    store: Store,
    document_id: UUID,
    if_none_match: IfNoneMatch = None,
    byte_range: Annotated[
        str | None,
        Header(
            alias="Range",
            description="One range of bytes (RFC 9110, 14)",
            examples=["bytes=0-65535"],
            max_length=MAX_HEADER_LENGTH,
        ),
    ] = None,
    if_range: Annotated[
        str | None,
        Header(
            alias="If-Range",
            description="The ETag of the part held; of another file comes the whole",
            max_length=MAX_HEADER_LENGTH,
        ),
    ] = None,
) -> Response:
    """Download the file, whole or one range of it; it never changes, so keep it.

    The ETag is the SHA-256 of the whole file.
    """
    document = await queries.get_visible_document(session, actor, document_id)
    etag = f'"{document.sha256}"'
    known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if known & {etag, "*"}:
        raise NotModified(etag)
    asked = byte_range if if_range in {None, etag} else None
    part = wanted_bytes(asked, document.size_bytes)
    start, end = part or (0, document.size_bytes)
    await session.close()  # no connection is held while the store works: one that stands still would hold them all
    try:
        content = await store.stream(document.storage_key, start=start, end=end)
    except ContentMissing:
        raise DocumentContentUnavailable(headers={"Retry-After": "60"}) from None
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": _FOREVER,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.file_name, safe='')}",
        "Content-Length": str(end - start),
    }
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{document.size_bytes}"
    return StreamingResponse(content, status_code=206 if part else 200, media_type=document.media_type, headers=headers)


@router.delete(
    "/{document_id}",
    operation_id="deleteDocument",
    summary="Delete a document",
    status_code=204,
    responses=problems(DocumentNotFound, NotForYourPost, DocumentInUse),
)
async def delete_document(
    session: DbSession, actor: CurrentActor, expected: ExpectedVersion, document_id: UUID
) -> None:
    """Delete a document and its file; refused while a meeting, a resolution or anything else holds it."""
    await service.delete_document(session, actor, document_id, expected=expected)


@organisations.get(
    "/{organisation_id}/document-folders",
    operation_id="listDocumentFolders",
    summary="Folders of a library",
    responses=problems(OrganisationNotFound, CursorInvalid),
)
async def list_document_folders(
    session: DbSession, actor: CurrentActor, paging: Paging, tagged: Tagged, linked: Linked, organisation_id: UUID
) -> FolderPage:
    """List the folders of an organisation's library by name, with how many documents I may read in each."""
    return tagged.page(linked(await queries.list_document_folders(session, actor, organisation_id, paging=paging)))


@me.put(
    "/bookmarks/{document_id}",
    operation_id="bookmarkDocument",
    summary="Bookmark a document",
    status_code=204,
    responses=problems(DocumentNotFound),
)
async def bookmark_document(session: DbSession, actor: CurrentActor, document_id: UUID) -> None:
    """Keep a document among my bookmarks; again changes nothing."""
    await service.bookmark_document(session, actor, document_id)


@me.delete(
    "/bookmarks/{document_id}",
    operation_id="removeBookmark",
    summary="Remove a bookmark",
    status_code=204,
    responses=problems(DocumentNotFound),
)
async def remove_bookmark(session: DbSession, actor: CurrentActor, document_id: UUID) -> None:
    """Take a document out of my bookmarks; again changes nothing."""
    await service.remove_bookmark(session, actor, document_id)

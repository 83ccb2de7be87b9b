"""Documents as rows, for tests of what becomes of them; their bytes are in no store."""

from uuid import UUID, uuid4

from app.documents.contents import MediaType
from app.documents.models import Document, TextState, Visibility
from app.kernel.db import Session
from tests.factories.world import Person


async def put_document(
    session: Session,
    organisation_id: UUID,
    uploader: Person,
    *,
    title: str = "Nghị quyết Đảng ủy tháng 12",
    visibility: Visibility = Visibility.organisation,
    folder: str | None = None,
) -> UUID:
    """Write a document's row and return its id."""
    document = Document(
        id=session.new_id(),
        organisation_id=organisation_id,
        uploaded_by=uploader.member_id,
        uploaded_at=session.now(),
        title=title,
        title_words=title.lower(),
        folder=folder,
        file_name="nghi-quyet.pdf",
        media_type=MediaType.pdf.value,
        size_bytes=1024,
        sha256="0" * 64,
        storage_key=uuid4().hex,
        visibility=visibility,
        text_state=TextState.none,
        version=1,
    )
    session.add(document)
    await session.flush()
    return document.id

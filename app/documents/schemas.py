"""Bodies of documents."""

import unicodedata
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.documents.models import TextState, Visibility
from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Int32, Line, Request, Response, Versioned

_CONTROL = Text(vi="Có ký tự điều khiển không nhìn thấy được", en="It holds an invisible control character")


def _clean(value: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        raise FieldError("control_character", _CONTROL)
    return unicodedata.normalize("NFC", value)


FormLine = Annotated[Line, AfterValidator(_clean)]
"""A line of a multipart form, cleaned as JSON bodies are; a line of a query as well."""

FolderOrNone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\r\n]*$")]

Size = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]


class DocumentPatch(Request):
    """What is to change; what is left out stays."""

    title: Line | None = Field(default=None, examples=["Nghị quyết Đảng ủy tháng 12"])
    folder: FolderOrNone | None = Field(
        default=None, description='Another folder; "" takes it out of its folder', examples=["Nghị quyết"]
    )
    visibility: Visibility | None = Field(
        default=None, description="Between `organisation` and `committee`; `owner` stays what it is"
    )


class DocumentRef(Response):
    """A document as others name it: what a list of papers shows."""

    id: UUID
    title: str = Field(examples=["Nghị quyết Đảng ủy tháng 12"])
    file_name: str = Field(examples=["nghi-quyet-12.pdf"])
    media_type: str = Field(examples=["application/pdf"])
    size_bytes: Size = Field(description="Bytes", examples=[184320])
    uploaded_at: Instant


class DocumentView(Versioned):
    """A document of a library."""

    organisation_id: UUID
    title: str = Field(examples=["Nghị quyết Đảng ủy tháng 12"])
    folder: str | None = Field(examples=["Nghị quyết"])
    file_name: str = Field(examples=["nghi-quyet-12.pdf"])
    media_type: str = Field(examples=["application/pdf"])
    size_bytes: Size = Field(description="Bytes", examples=[184320])
    sha256: str = Field(
        description="Of the content, in hexadecimal",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    visibility: Visibility
    text_state: TextState = Field(description="Whether the file's own text is searchable yet")
    uploaded_by: UUID = Field(description="The member who uploaded it")
    uploaded_at: Instant
    bookmarked: bool = Field(description="Whether it is one of my bookmarks")

    def state(self) -> str:
        """Return what the ETag stands for: the version, whether its text was read, and the viewer's bookmark."""
        return f"{super().state()}.{self.text_state}.{self.bookmarked}"


class DocumentPage(Page[DocumentView]):
    """Documents: the newest first, or what fits the search best."""


class FolderView(Response):
    """A folder of a library."""

    name: str | None = Field(description="null counts the documents in no folder", examples=["Nghị quyết"])
    document_count: Int32 = Field(description="Of those the caller may read", examples=[12])

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class FolderPage(Page[FolderView]):
    """The folders of a library, by name; documents in no folder come first."""

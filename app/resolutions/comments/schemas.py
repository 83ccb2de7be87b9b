"""Bodies of comments: what a member writes, what the secretary answers, what everybody reads."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Int32, Prose, Request, Response
from app.resolutions.models import AnswerOutcome

_BODY = "Đề nghị nêu rõ thời hạn hoàn thành."
_ANSWER = "Đã bổ sung thời hạn quý II."


class CommentCreate(Request):
    """A comment on one version of a draft, or on one of its paragraphs."""

    id: UUID | None = Field(default=None, description="The client's own id (UUID), for an offline outbox")
    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] = Field(
        description="The version that was read", examples=[1]
    )
    paragraph_id: UUID | None = Field(default=None, description="Left out, the comment is on the whole draft")
    body: Prose = Field(examples=[_BODY])


class CommentChange(Request):
    """Other words for one's comment."""

    body: Prose = Field(examples=[_BODY])


class AnswerWrite(Request):
    """What becomes of a comment; one that is not taken is told why (domain.md 23)."""

    outcome: AnswerOutcome
    body: Prose | None = Field(default=None, description="Needed where the outcome is not_taken", examples=[_ANSWER])

    @model_validator(mode="after")
    def _says_why_not(self) -> Self:
        if self.outcome is AnswerOutcome.not_taken and self.body is None:
            text = Text(vi="Không tiếp thu cần nêu lý do", en="What is not taken needs a reason")
            raise FieldError("reason_missing", text, below="/body")
        return self


class AuthorView(Response):
    """Who wrote it."""

    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])


class AnswerView(Response):
    """The secretary's answer."""

    outcome: AnswerOutcome
    body: str | None = Field(examples=[_ANSWER])
    answered_by: UUID = Field(description="The member who answered")
    answered_at: Instant


class CommentView(Response):
    """A comment, with the paragraph as it was when the comment was written and as it is now."""

    id: UUID
    resolution_id: UUID
    version: Int32 = Field(description="The version it is on", examples=[1])
    paragraph_id: UUID | None = Field(description="Null: on the whole draft")
    paragraph_position: Int32 | None = Field(description="In the version it is on", examples=[3])
    paragraph_text: str | None = Field(description="In the version it is on", examples=["Mở rộng đường thôn."])
    paragraph_text_now: str | None = Field(
        description="In the current version; null where it is gone", examples=["Mở rộng đường thôn trong quý II."]
    )
    paragraph_changed: bool = Field(description="Whether the paragraph has other words now, or is gone")
    body: str = Field(examples=[_BODY])
    author: AuthorView
    support_count: Int32 = Field(examples=[4])
    my_support: bool
    answer: AnswerView | None
    created_at: Instant
    edited_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class CommentPage(Page[CommentView]):
    """Comments, in the order they were written."""

"""Bodies of announcements: what an author writes, what a reader sees, how far it has come."""

from typing import Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from app.announcements.models import AnnouncementStatus
from app.documents.schemas import DocumentRef
from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.notices import AudiencePart
from app.kernel.pagination import Page
from app.kernel.schemas import AwareInstant, Instant, Int32, Line, Prose, Request, Response, Versioned
from app.kernel.security import PostKind
from app.members.schemas import MemberRef
from app.notifications.reach.schemas import PushReach

MOST_DOCUMENTS = 20

_KINDS_MISSING = Text(vi="Cần nêu ít nhất một chức vụ", en="Name at least one post")
_KINDS_UNASKED = Text(vi="Chỉ nêu chức vụ khi gửi theo chức vụ", en="Posts are named only for the part `posts`")
_REPEATED = Text(vi="Có mục lặp lại", en="Something is named twice")


class AudienceWrite(Request):
    """Whom it addresses: everybody at or below the organisation, or a part of them."""

    part: AudiencePart = AudiencePart.everyone
    post_kinds: list[PostKind] = Field(
        default_factory=list, max_length=len(PostKind), description="Which posts, for the part `posts`"
    )

    @model_validator(mode="after")
    def _kinds(self) -> Self:
        if len(set(self.post_kinds)) != len(self.post_kinds):
            raise FieldError("duplicate", _REPEATED, below="/post_kinds")
        if self.part is AudiencePart.posts and not self.post_kinds:
            raise FieldError("missing", _KINDS_MISSING, below="/post_kinds")
        if self.part is not AudiencePart.posts and self.post_kinds:
            raise FieldError("not_asked", _KINDS_UNASKED, below="/post_kinds")
        return self


class AnnouncementReplace(Request):
    """An announcement, whole: what is left out becomes empty."""

    title: Line = Field(examples=["Kế hoạch học tập chuyên đề quý I"])
    body: Prose = Field(examples=["Các chi bộ tổ chức học tập trước ngày 15 hằng tháng."])
    audience: AudienceWrite = Field(default_factory=AudienceWrite)
    needs_acknowledgement: bool = Field(default=False, strict=True, description="Whether readers are asked to confirm")
    publish_at: AwareInstant | None = Field(
        default=None,
        description="When `publish` shall take effect; left out, at once",
        examples=["2026-12-01T01:00:00Z"],
    )
    expires_at: AwareInstant | None = Field(
        default=None, description="From then on it is in nobody's list", examples=["2026-12-31T16:59:59Z"]
    )
    document_ids: list[UUID] = Field(default_factory=list, max_length=MOST_DOCUMENTS)

    @field_validator("document_ids")
    @classmethod
    def _each_once(cls, ids: list[UUID]) -> list[UUID]:
        if len(set(ids)) != len(ids):
            raise FieldError("duplicate", _REPEATED)
        return ids


class AnnouncementCreate(AnnouncementReplace):
    """A new announcement; it is a draft until it is published."""

    id: UUID | None = Field(default=None, description="The client's own id (UUID), for an offline outbox")


class AudienceView(Response):
    """Whom it addresses: everybody at or below the organisation, or a part of them."""

    part: AudiencePart
    post_kinds: list[PostKind] = Field(description="Which posts; empty but for the part `posts`")


class AnnouncementView(Versioned):
    """An announcement, and what the reader did with it."""

    organisation_id: UUID
    title: str = Field(examples=["Kế hoạch học tập chuyên đề quý I"])
    body: str = Field(examples=["Các chi bộ tổ chức học tập trước ngày 15 hằng tháng."])
    status: AnnouncementStatus
    audience: AudienceView
    needs_acknowledgement: bool = Field(description="Whether readers are asked to confirm")
    publish_at: Instant | None = Field(description="When it is, or was, to be published; null: at once")
    published_at: Instant | None
    expires_at: Instant | None = Field(description="From then on it is in nobody's list")
    documents: list[DocumentRef] = Field(description="What goes with it, as far as the reader may open it")
    opened_at: Instant | None = Field(description="When the reader first opened it")
    acknowledged_at: Instant | None = Field(description="When the reader confirmed it")

    def state(self) -> str:
        """Return what the ETag stands for: the version, what time makes of it, what the reader did and may open."""
        papers = [paper.model_dump_json() for paper in self.documents]
        return f"{super().state()}.{self.status}.{self.opened_at}.{self.acknowledged_at}.{papers}"


class AnnouncementPage(Page[AnnouncementView]):
    """Announcements, newest first."""


class ReachView(PushReach):
    """How far an announcement has come, among those it addresses today."""

    opened_count: Int32 = Field(examples=[51204])
    acknowledged_count: Int32 = Field(examples=[48731])
    not_acknowledged: list[MemberRef] = Field(
        description="Who was asked to confirm and has not, by name: for a branch's own organisers, 200 at most"
    )

"""Bodies of resolutions: what organisers write, what members read and compare."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import AwareInstant, Instant, Int32, Line, Prose, Request, Response, Versioned
from app.resolutions.comparison import ParagraphChange, SegmentKind
from app.resolutions.models import ResolutionStatus

MAX_PARAGRAPHS = 200
_PARAGRAPH = "Tiếp tục vận động nhân dân hiến đất mở rộng đường thôn."
_TITLE = "Nghị quyết lãnh đạo thực hiện nhiệm vụ tháng 12 năm 2026"
_POSITIONS = Text(vi="Hai đoạn có cùng thứ tự", en="Two paragraphs have the same position")
_TWICE = Text(vi="Một đoạn được gửi hai lần", en="A paragraph is sent twice")


class ParagraphCreate(Request):
    """One numbered paragraph."""

    position: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        default=None, description="Its place; by default as listed. Answers number the paragraphs from 1", examples=[1]
    )
    text: Prose = Field(examples=[_PARAGRAPH])


class ParagraphReplace(ParagraphCreate):
    """One numbered paragraph of a new version."""

    id: UUID | None = Field(
        default=None, description="The id it has in an earlier version; without one it is a new paragraph"
    )


class ResolutionCreate(Request):
    """A new draft; its first version."""

    id: UUID | None = Field(default=None, description="The client's own id (UUID), for an offline outbox")
    title: Line = Field(examples=[_TITLE])
    meeting_id: UUID | None = Field(default=None, description="The meeting that is to decide it")
    paragraphs: list[ParagraphCreate] = Field(min_length=1, max_length=MAX_PARAGRAPHS)

    @model_validator(mode="after")
    def _places(self) -> Self:
        require_places(self.paragraphs)
        return self


class ResolutionReplace(Request):
    """A new version, whole: a paragraph that is left out is not in it."""

    title: Line = Field(examples=[_TITLE])
    meeting_id: UUID | None = Field(default=None, description="The meeting that is to decide it")
    paragraphs: list[ParagraphReplace] = Field(min_length=1, max_length=MAX_PARAGRAPHS)

    @model_validator(mode="after")
    def _places(self) -> Self:
        require_places(self.paragraphs)
        known = [paragraph.id for paragraph in self.paragraphs if paragraph.id is not None]
        if len(set(known)) != len(known):
            raise FieldError("duplicate_paragraph", _TWICE, below="/paragraphs")
        return self


def places_of(paragraphs: list[ParagraphCreate] | list[ParagraphReplace]) -> list[int]:
    """Return the place each paragraph was given, as listed where it names none."""
    return [paragraph.position or index for index, paragraph in enumerate(paragraphs, start=1)]


def require_places(paragraphs: list[ParagraphCreate] | list[ParagraphReplace]) -> None:
    """Raise FieldError where two paragraphs claim one place."""
    if len(set(places_of(paragraphs))) != len(paragraphs):
        raise FieldError("duplicate_position", _POSITIONS, below="/paragraphs")


class Opening(Request):
    """Until when members comment."""

    comments_until: AwareInstant = Field(description="After now, and within a year", examples=["2026-12-04T12:30:00Z"])


class Adoption(Request):
    """The poll that decided."""

    poll_id: UUID | None = Field(default=None, description="A closed poll of this resolution that passed it")


class Rejection(Request):
    """Why the resolution was not adopted."""

    reason: Prose = Field(examples=["Không đạt quá nửa số đảng viên chính thức tán thành"])


class ParagraphView(Response):
    """One numbered paragraph."""

    id: UUID = Field(description="Stays through the versions")
    position: Int32 = Field(description="From 1", examples=[1])
    text: str = Field(examples=[_PARAGRAPH])


class ResolutionSummary(Versioned):
    """A resolution without its text."""

    version: Int32 = Field(description="Of the text: rises when it is rewritten", examples=[2])
    revision: Int32 = Field(description="Rises with every change; the ETag begins with it", examples=[3])
    organisation_id: UUID
    meeting_id: UUID | None = Field(description="The meeting that is to decide it")
    title: str = Field(examples=[_TITLE])
    status: ResolutionStatus
    comments_until: Instant | None
    number: str | None = Field(description="Given at adoption", examples=["Số 05-NQ/CB"])
    reason: str | None = Field(description="Why it was rejected", examples=["Không đạt quá nửa số tán thành"])
    comment_count: Int32 = Field(examples=[7])
    created_at: Instant
    opened_at: Instant | None
    decided_at: Instant | None
    decided_by_poll_id: UUID | None

    def edition(self) -> int:
        """Return the revision: a step changes no text, and is not to be overlooked by who edits."""
        return self.revision

    def state(self) -> str:
        """Return what the ETag stands for; comments close by themselves, without a new revision at first."""
        return f"{self.id}.{self.revision}.{self.status}.{self.comment_count}"


class ResolutionView(ResolutionSummary):
    """A resolution with its current text."""

    paragraphs: list[ParagraphView]


class ResolutionPage(Page[ResolutionSummary]):
    """Resolutions, the newest first."""


class ResolutionVersionSummary(Versioned):
    """One version without its paragraphs."""

    id: UUID = Field(description="The resolution's")
    version: Int32 = Field(examples=[1])
    title: str = Field(examples=[_TITLE])
    created_at: Instant

    def state(self) -> str:
        """Return what the ETag stands for: after a restore another text may come to the same number."""
        return f"{super().state()}.{self.created_at.isoformat()}"


class ResolutionVersionView(ResolutionVersionSummary):
    """One version; it never changes."""

    paragraphs: list[ParagraphView]


class ResolutionVersionPage(Page[ResolutionVersionSummary]):
    """The versions, the first one first."""


class SegmentView(Response):
    """A run of words that stands in both versions, or in one of them."""

    kind: SegmentKind
    text: str = Field(examples=["mở rộng "])


class ParagraphComparisonView(Response):
    """One paragraph in two versions.

    `segments` without those of kind `added` join to the text before, without those `removed` to the text after.
    """

    id: UUID
    change: ParagraphChange
    position_before: Int32 | None = Field(examples=[1])
    position_after: Int32 | None = Field(examples=[1])
    text_before: str | None = Field(examples=[_PARAGRAPH])
    text_after: str | None = Field(examples=[_PARAGRAPH])
    segments: list[SegmentView]


class ComparisonView(Response):
    """Two versions of a resolution, paragraph by paragraph; removed ones stand where they stood."""

    resolution_id: UUID
    from_version: Int32 = Field(examples=[1])
    to_version: Int32 = Field(examples=[2])
    title_before: str = Field(examples=[_TITLE])
    title_after: str = Field(examples=[_TITLE])
    paragraphs: list[ParagraphComparisonView]


class AdoptedResolution(Response):
    """An adopted resolution for its paper; `adopted_at` is the instant of the decision."""

    id: UUID
    organisation_id: UUID
    number: str
    title: str
    adopted_at: datetime
    decided_by_poll_id: UUID
    paragraphs: list[ParagraphView]

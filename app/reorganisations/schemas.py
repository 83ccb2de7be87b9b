"""Bodies of reorganisations."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.days import Day
from app.kernel.fields import FieldError
from app.kernel.i18n import Locale, Text
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Int32, Prose, Request, Response
from app.kernel.security import PostKind
from app.organisations.schemas import Name, OfficialCode
from app.reorganisations.models import Reorganisation, ReorganisationKind, ReorganisationStatus
from app.reorganisations.plans import Fate, MeetingFate, MeetingsGo, Preview, Severity

MAX_NAMED = 500
_SUCCESSOR = Text(
    vi="Nêu tổ chức nhận (into_id) hoặc tên tổ chức mới (name), một trong hai",
    en="Name what it goes into (into_id) or the new organisation (name): one of the two",
)
_NO_NEW_CODE = Text(vi="Chỉ tổ chức mới cần mã", en="Only a new organisation is given a code")


class Reordering(Request):
    """What every reorganisation says."""

    effective_on: Day | None = Field(
        default=None, description="The first day of the new order; today if absent", examples=["2026-12-01"]
    )
    reason: Prose | None = Field(default=None, examples=["Nghị quyết số 12-NQ/TU"])
    dry_run: bool = Field(default=False, description="true: only say what it would do", examples=[True])


class Merge(Reordering):
    """Into an organisation that is there, or, with `name`, into a new one beside it."""

    with_ids: list[UUID] = Field(
        default_factory=list, max_length=MAX_NAMED, description="Others that end together with it"
    )
    into_id: UUID | None = Field(default=None, description="What they are merged into")
    name: Name | None = Field(default=None, description="Of the new organisation", examples=["Đảng bộ xã Yên Mô Mới"])
    code: OfficialCode | None = None
    meetings: MeetingsGo = Field(
        default=MeetingsGo.move, description="What becomes of the meetings that branches have called", examples=["move"]
    )

    @model_validator(mode="after")
    def _one_successor(self) -> Self:
        if (self.into_id is None) == (self.name is None):
            raise FieldError("successor_unclear", _SUCCESSOR, below="/into_id")
        if self.name is None and self.code is not None:
            raise FieldError("code_without_name", _NO_NEW_CODE, below="/code")
        return self


class PartCreate(Request):
    """A new organisation, and what goes to it: of a branch its members, of any other what stands below it."""

    name: Name
    code: OfficialCode | None = None
    child_ids: list[UUID] = Field(default_factory=list, max_length=MAX_NAMED)
    member_ids: list[UUID] = Field(default_factory=list, max_length=MAX_NAMED)


class Split(Reordering):
    """What is not named stays where it is."""

    parts: Annotated[list[PartCreate], Field(min_length=1, max_length=20)]


class Move(Reordering):
    """Below another organisation, with all that stands below it."""

    parent_id: UUID = Field(description="What it stands under from then on")


class Dissolution(Reordering):
    """Without a successor."""


class Renaming(Reordering):
    """Another name; what happened before stays under the old one."""

    name: Name


class FindingView(Response):
    """An error stands against it, a warning does not."""

    severity: Severity = Field(examples=["warning"])
    code: str = Field(description="Stable, snake_case", examples=["secretary_missing"])
    organisation_id: UUID | None = Field(description="Which one it is about")
    detail: str = Field(description="In the reader's language", examples=["Sẽ không có bí thư"])


class AffectedView(Response):
    """An organisation to which something happens."""

    id: UUID
    name: str = Field(examples=["Đảng bộ xã Yên Mô"])
    fate: Fate = Field(examples=["ends"])
    to_id: UUID | None = Field(description="Its successor, or what it then stands under")


class EndingPostView(Response):
    """A post that ends on the eve."""

    id: UUID
    kind: PostKind = Field(examples=["secretary"])
    member_id: UUID
    full_name: str = Field(examples=["Nguyễn Văn An"])
    organisation_id: UUID


class CalledMeetingView(Response):
    """A meeting that was called; what it is about is not told here."""

    id: UUID
    organisation_id: UUID
    starts_at: Instant = Field(examples=["2026-12-04T12:30:00Z"])
    fate: MeetingFate = Field(examples=["moved"])


class ReorganisationView(Response):
    """A plan with what it does: as things are now while it waits, as they were once it is settled."""

    id: UUID | None = Field(description="Null for a dry run")
    kind: ReorganisationKind = Field(examples=["merger"])
    status: ReorganisationStatus = Field(examples=["planned"])
    organisation_id: UUID
    effective_on: date = Field(examples=["2026-12-01"])
    reason: str | None = Field(examples=["Nghị quyết số 12-NQ/TU"])
    planned_by: UUID
    planned_at: Instant = Field(examples=["2026-11-22T01:00:00Z"])
    settled_at: Instant | None = Field(
        description="When it was carried out, withdrawn or found impossible", examples=[None]
    )
    is_possible: bool = Field(description="Whether no finding is an error", examples=[True])
    findings: list[FindingView]
    organisations: list[AffectedView]
    members_moving: Int32 = Field(description="How many members get another branch", examples=[0])
    members_below: Int32 = Field(description="How many get another line above their branch", examples=[1800])
    posts: list[EndingPostView] = Field(description="Those that end, up to 200")
    meetings: list[CalledMeetingView] = Field(description="Called by what ends, up to 200")
    meeting_drafts: Int32 = Field(description="Drafts that go to the successor", examples=[2])
    resolutions: Int32 = Field(description="Undecided ones that go to the successor", examples=[1])
    announcements: Int32 = Field(description="Unpublished ones that go to the successor", examples=[0])

    @classmethod
    def of(cls, plan: Reorganisation, preview: Preview, *, locale: Locale) -> Self:
        """Make the view in one language."""
        is_stored = plan.status is not ReorganisationStatus.previewed
        return cls(
            id=plan.id if is_stored else None,
            kind=plan.kind,
            status=plan.status,
            organisation_id=plan.organisation_id,
            effective_on=plan.effective_on,
            reason=plan.reason,
            planned_by=plan.planned_by,
            planned_at=plan.planned_at,
            settled_at=plan.settled_at,
            is_possible=preview.is_possible,
            findings=[
                FindingView(
                    severity=finding.severity,
                    code=finding.code,
                    organisation_id=finding.organisation_id,
                    detail=Text(vi=finding.vi, en=finding.en).to(locale),
                )
                for finding in preview.findings
            ],
            organisations=[AffectedView.model_validate(one) for one in preview.organisations],
            members_moving=preview.members_moving,
            members_below=preview.members_below,
            posts=[EndingPostView.model_validate(post) for post in preview.posts],
            meetings=[CalledMeetingView.model_validate(meeting) for meeting in preview.meetings],
            meeting_drafts=preview.meeting_drafts,
            resolutions=preview.resolutions,
            announcements=preview.announcements,
        )

    def state(self) -> str:
        """Return all that is shown: a waiting plan changes with what it would meet."""
        return self.model_dump_json()


class ReorganisationPage(Page[ReorganisationView]):
    """Plans, the newest first."""

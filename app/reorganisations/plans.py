"""What a reorganisation is to do, and what it would do if it were done now; both are kept as JSON."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.kernel.security import PostKind
from app.reorganisations.models import ReorganisationKind


class MeetingsGo(StrEnum):
    """What becomes of the meetings that a branch had called when it is merged."""

    move = "move"
    cancel = "cancel"


class Severity(StrEnum):
    error = "error"
    warning = "warning"


class Fate(StrEnum):
    """What becomes of an organisation: `receives` is one that lasts and gets something."""

    ends = "ends"
    moves = "moves"
    founded = "founded"
    receives = "receives"
    renamed = "renamed"


class MeetingFate(StrEnum):
    moved = "moved"
    cancelled = "cancelled"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Kept):
    """An organisation that is to be founded, and, in a split, what goes to it."""

    id: UUID
    name: str
    code: str | None
    child_ids: tuple[UUID, ...] = ()
    member_ids: tuple[UUID, ...] = ()


class Plan(_Kept):
    """What is to be done to `organisation_id`; the fields that its kind does not need are empty."""

    kind: ReorganisationKind
    organisation_id: UUID
    with_ids: tuple[UUID, ...] = ()
    """Those that end together with it, in a merge."""
    into_id: UUID | None = None
    """What it is merged into; None where that is the one of `parts`, which is to be founded."""
    parts: tuple[Part, ...] = ()
    parent_id: UUID | None = None
    """What it moves below."""
    name: str | None = None
    meetings: MeetingsGo = MeetingsGo.move
    reason: str | None = None

    @property
    def ending_ids(self) -> tuple[UUID, ...]:
        """Return the organisations that end."""
        if self.kind is ReorganisationKind.merger:
            return (self.organisation_id, *self.with_ids)
        return (self.organisation_id,) if self.kind is ReorganisationKind.dissolution else ()

    @property
    def successor_id(self) -> UUID:
        """Return what a merge leaves."""
        return self.into_id or self.parts[0].id

    @property
    def named_ids(self) -> tuple[UUID, ...]:
        """Return the organisations that it names and that are there already, each once."""
        children = [child for part in self.parts for child in part.child_ids]
        named = (self.organisation_id, *self.with_ids, self.into_id, self.parent_id, *children)
        return tuple(dict.fromkeys(one for one in named if one is not None))


class Finding(_Kept):
    """Something that stands against a plan (an error), or that one should know before (a warning)."""

    severity: Severity
    code: str
    organisation_id: UUID | None
    vi: str
    en: str


class Affected(_Kept):
    """An organisation to which something happens; `to_id` is its successor or what it then hangs below."""

    id: UUID
    name: str
    fate: Fate
    to_id: UUID | None


class EndingPost(_Kept):
    """A post that ends on the eve; the name is looked up, never kept: an erased person has none."""

    id: UUID
    kind: PostKind
    member_id: UUID
    full_name: str = ""
    organisation_id: UUID


class CalledMeeting(_Kept):
    """A meeting that was called for a later time; what it is about is its branch's alone."""

    id: UUID
    organisation_id: UUID
    starts_at: datetime
    fate: MeetingFate


class Preview(_Kept):
    """What a plan does, judged at one instant."""

    findings: tuple[Finding, ...] = ()
    organisations: tuple[Affected, ...] = ()
    members_moving: int = 0
    members_below: int = 0
    posts: tuple[EndingPost, ...] = ()
    meetings: tuple[CalledMeeting, ...] = ()
    meeting_drafts: int = 0
    resolutions: int = 0
    announcements: int = 0

    def to_keep(self) -> dict[str, Any]:
        """Return it as JSON without the names of people; Any: JSON."""
        return self.model_dump(mode="json", exclude={"posts": {"__all__": {"full_name"}}})

    @property
    def is_possible(self) -> bool:
        """Say whether nothing but warnings was found."""
        return all(finding.severity is not Severity.error for finding in self.findings)

    def refused(self, findings: Iterable[Finding]) -> Self:
        """Return it with further findings."""
        return self.model_copy(update={"findings": (*self.findings, *findings)})

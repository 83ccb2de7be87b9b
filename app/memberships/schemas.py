"""Bodies of decisions on a membership."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.days import Day, require_order
from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Line, Prose, Request, Versioned
from app.members.schemas import MemberRef
from app.memberships.models import ENDINGS, NEEDING_NUMBER, DecidedKind

Reason = Annotated[Prose, Field(max_length=1000, examples=["Sức khỏe yếu, có đơn đề nghị"])]


class StandingDecide(Request):
    """An exemption or suspension from a day on, or the end of a membership."""

    kind: DecidedKind = Field(examples=["temporarily_exempt"])
    starts_on: Day = Field(examples=["2026-12-01"], description="Of an end of membership: not in the future")
    ends_on: Day | None = Field(
        default=None,
        examples=["2027-05-31"],
        description="The last day; needed with `temporarily_exempt`, not taken with an end of membership",
    )
    reason: Reason
    decision_number: Annotated[Line, Field(max_length=60, examples=["12-QĐ/ĐU"])] | None = Field(
        default=None, description="Needed but for exemptions and deaths"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_order(self.starts_on, self.ends_on)
        if self.ends_on is not None and self.kind in ENDINGS:
            final = Text(vi="Trạng thái này không có ngày kết thúc", en="This has no end")
            raise FieldError("end_not_fitting", final, below="/ends_on")
        if self.ends_on is None and self.kind is DecidedKind.temporarily_exempt:
            open_end = Text(vi="Miễn sinh hoạt tạm thời cần ngày kết thúc", en="What is temporary has a last day")
            raise FieldError("end_missing", open_end, below="/ends_on")
        if self.decision_number is None and self.kind in NEEDING_NUMBER:
            number = Text(vi="Cần số quyết định", en="The number of the decision is needed")
            raise FieldError("decision_number_missing", number, below="/decision_number")
        return self


class StandingDecisionPatch(Request):
    """Another last day."""

    ends_on: Day = Field(examples=["2027-03-31"], description="Yesterday ends it now; no earlier day is taken")


class StandingRevocation(Request):
    """Why it was a mistake."""

    reason: Reason


class StandingDecisionView(Versioned):
    """A decision about a membership, for the member and who keeps the branch's records."""

    member: MemberRef
    organisation_id: UUID = Field(description="The branch at the time")
    kind: DecidedKind = Field(examples=["temporarily_exempt"])
    starts_on: date = Field(examples=["2026-12-01"])
    ends_on: date | None = Field(description="Null where it is open or final", examples=["2027-05-31"])
    reason: str = Field(examples=["Sức khỏe yếu, có đơn đề nghị"])
    decision_number: str | None = Field(examples=["12-QĐ/ĐU"])
    revoked_because: str | None = Field(description="Why it was a mistake; null where it stands", examples=[None])


class StandingDecisionPage(Page[StandingDecisionView]):
    """Decisions, the latest first."""

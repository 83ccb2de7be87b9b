"""Bodies of transfers."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.days import Day
from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Line, Prose, Request, Versioned
from app.members.schemas import MemberRef
from app.organisations.schemas import OfficialCode, OrganisationRef
from app.transfers.models import TransferKind, TransferStatus

Reason = Annotated[Prose, Field(max_length=1000, examples=["Đảng viên chưa nộp giấy giới thiệu"])]
LetterNumber = Annotated[Line, Field(max_length=60, examples=["15-GTSHĐ"], description="As the letter has it")]


class TransferDirection(StrEnum):
    """From the organisation, or to it."""

    out = "out"
    incoming = "in"


class TransferCreate(Request):
    """A transfer to a branch, by its id or its official code, or to a place outside the system in words."""

    kind: TransferKind = Field(examples=["permanent"])
    to_organisation_id: UUID | None = Field(default=None, description="The branch that receives the member")
    to_organisation_code: OfficialCode | None = Field(
        default=None, description="Or its official code of 14 digits, as letters name it"
    )
    to_place: Line | None = Field(
        default=None,
        examples=["Chi bộ 3, Đảng bộ phường Bến Thành, TP. Hồ Chí Minh"],
        description="A branch outside the system; then the old branch itself confirms its answer",
    )
    letter_number: LetterNumber
    letter_on: Day = Field(examples=["2026-11-20"], description="The day of the letter; the clock runs from it")
    until: Day | None = Field(
        default=None, examples=["2027-05-20"], description="The last day at the host; of a temporary transfer only"
    )
    for_study: bool = Field(default=False, description="Who studies may stay longer")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(one is not None for one in (self.to_organisation_id, self.to_organisation_code, self.to_place)) != 1:
            either = Text(
                vi="Cần đúng một trong: chi bộ, mã chi bộ, tên nơi đến", en="One of branch, code and place is needed"
            )
            raise FieldError("destination_ambiguous", either, below="/to_organisation_id")
        if (self.kind is TransferKind.temporary) != (self.until is not None):
            end = Text(
                vi="Chuyển tạm thời cần ngày kết thúc, chuyển chính thức thì không",
                en="A temporary transfer has a last day, a permanent one has none",
            )
            raise FieldError("until_not_fitting", end, below="/until")
        if self.kind is TransferKind.permanent and self.for_study:
            study = Text(vi="Chỉ dùng cho chuyển tạm thời", en="Of a temporary transfer only")
            raise FieldError("study_not_fitting", study, below="/for_study")
        return self


class TransferAcceptance(Request):
    """The new branch has the member."""

    received_on: Day = Field(examples=["2026-12-01"], description="The first day there; not in the future")


class TransferRefusal(Request):
    """Why the member does not come, or does not go."""

    reason: Reason


class StayReturn(Request):
    """A stay that ends before its day."""

    last_on: Day = Field(examples=["2027-02-28"], description="The last day at the host")


class StayProlongation(Request):
    """A stay that lasts longer."""

    until: Day = Field(examples=["2027-08-20"], description="The new last day at the host")


class TransferView(Versioned):
    """A transfer as both branches and the member see it."""

    kind: TransferKind = Field(examples=["permanent"])
    status: TransferStatus = Field(examples=["started"])
    member: MemberRef
    from_organisation: OrganisationRef
    to_organisation: OrganisationRef | None = Field(description="Null where it leads out of the system")
    to_place: str | None = Field(description="Null where a branch is named", examples=[None])
    letter_number: str = Field(examples=["15-GTSHĐ"])
    letter_on: date = Field(examples=["2026-11-20"])
    for_study: bool = Field(examples=[False])
    until: date | None = Field(description="The last day at the host; null if it is for good", examples=[None])
    received_on: date | None = Field(description="Null until it is accepted", examples=["2026-12-01"])
    reason: str | None = Field(description="Why it was refused or withdrawn", examples=[None])
    present_by: date = Field(description="By then the member presents the letter", examples=["2027-01-04"])
    due_on: date = Field(description="By then both branches have confirmed", examples=["2027-02-22"])
    is_letter_overdue: bool = Field(description="Shown, and acted on by nobody but people", examples=[False])
    is_overdue: bool = Field(description="The same of the whole", examples=[False])
    warnings: list[str] = Field(
        description="`branch_without_secretary`: the old branch has no other secretary", examples=[[]]
    )

    def state(self) -> str:
        """Return all that is shown: being overdue comes with the day."""
        return self.model_dump_json()


class TransferPage(Page[TransferView]):
    """Transfers, the latest first."""

"""Bodies of admissions."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.admissions.models import CandidacyStatus, CandidateSource
from app.kernel.days import Day
from app.kernel.pagination import Page
from app.kernel.schemas import Line, Prose, Request, Response, Versioned
from app.members.models import Sex
from app.members.schemas import CitizenId, FullName, IsEthnicMinority, MemberRef, Phone, Schooling, Work

Number = Annotated[Line, Field(max_length=60, examples=["25-QĐ/ĐU"])]
Mentors = Annotated[
    list[UUID], Field(max_length=2, description="Official members of the branch, at most two; two are needed to admit")
]


class CandidacyCreate(Request):
    """A person the branch follows and helps on the way to membership."""

    full_name: FullName
    born_on: Day = Field(examples=["2004-05-19"])
    sex: Sex | None = Field(default=None, examples=["female"])
    citizen_id: CitizenId | None = None
    phone: Phone | None = None
    education: Schooling = None
    is_ethnic_minority: IsEthnicMinority = None
    occupation: Work = None
    source: CandidateSource = Field(examples=["youth_union"])
    mentor_ids: Mentors = Field(default_factory=list)
    certificate_number: Number | None = Field(default=None, description="Of the course on the party")
    certified_on: Day | None = Field(default=None, examples=["2026-03-26"], description="The certificate's day")


class CandidacyPatch(Request):
    """What may change while somebody is in the pool; a field not sent stays."""

    full_name: FullName | None = None
    born_on: Day | None = Field(default=None, examples=["2004-05-19"])
    sex: Sex | None = Field(default=None, examples=["female"])
    citizen_id: CitizenId | None = None
    phone: Phone | None = None
    education: Schooling = None
    is_ethnic_minority: IsEthnicMinority = None
    occupation: Work = None
    source: CandidateSource | None = Field(default=None, examples=["youth_union"])
    mentor_ids: Mentors | None = None
    certificate_number: Number | None = None
    certified_on: Day | None = Field(default=None, examples=["2026-03-26"])


class StepDone(Request):
    """A step of the dossier is done."""

    done_on: Day = Field(examples=["2026-10-05"])
    note: Annotated[Prose, Field(max_length=1000, examples=["Đã thẩm tra tại nơi cư trú"])] | None = None


class CandidacyDrop(Request):
    """Why somebody leaves the pool."""

    reason: Annotated[Prose, Field(max_length=1000, examples=["Chuyển nơi cư trú"])]


class Admission(Request):
    """The committee's decision, and the day of the admission."""

    decision_number: Number
    decided_on: Day = Field(examples=["2026-11-10"])
    admitted_on: Day = Field(examples=["2026-11-20"], description="The day of the ceremony: probation begins")


class Recognition(Request):
    """The committee's decision that the probation is over."""

    decision_number: Number
    decided_on: Day = Field(examples=["2027-12-05"])


class StepView(Response):
    """A step of the dossier, in its order."""

    step: str = Field(examples=["branch_resolution"])
    title: str = Field(examples=["Nghị quyết của chi bộ"])
    done_on: date | None = Field(description="Null while it is to be done", examples=["2026-10-05"])
    note: str | None = Field(examples=[None])
    due_on: date | None = Field(
        description="Null without a deadline, or before the step before is done", examples=["2026-12-28"]
    )
    is_overdue: bool = Field(description="Shown, and acted on by nobody but people", examples=[False])


class CandidacyView(Versioned):
    """A candidacy, for who keeps the branch's records."""

    status: CandidacyStatus = Field(examples=["pool"])
    candidate: MemberRef
    organisation_id: UUID = Field(description="The branch that entered it")
    born_on: date | None = Field(examples=["2004-05-19"])
    source: CandidateSource = Field(examples=["youth_union"])
    mentors: list[MemberRef]
    certificate_number: str | None = Field(examples=["112/CN"])
    certified_on: date | None = Field(examples=["2026-03-26"])
    certificate_valid_until: date | None = Field(description="60 months", examples=["2031-03-25"])
    steps: list[StepView] = Field(description="All that the rules name, in their order")
    decision_number: str | None = Field(examples=[None])
    decided_on: date | None = Field(examples=[None])
    admitted_on: date | None = Field(description="Null while in the pool", examples=[None])
    official_due_on: date | None = Field(description="When twelve months of probation are over", examples=[None])
    review_due_on: date | None = Field(description="By then the recognition is reviewed", examples=[None])
    recognition_number: str | None = Field(examples=[None])
    recognition_decided_on: date | None = Field(examples=[None])
    dropped_because: str | None = Field(examples=[None])

    def state(self) -> str:
        """Return all that is shown: being overdue comes with the day."""
        return self.model_dump_json()


class CandidacyPage(Page[CandidacyView]):
    """Candidacies, the latest first."""

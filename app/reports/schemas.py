"""Bodies of reports: the organisation's own line, and one for each organisation directly below it."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.schemas import Int32, Request, Response
from app.organisations.models import OrganisationKind
from app.reports.models import Grade, TargetKind

MOST_RATED = 500
"""Members of a branch at most; the largest real ones have some sixty."""

Year = Annotated[int, Field(ge=1930, le=2199, json_schema_extra={"format": "int32"}, examples=[2026])]
Percent = Annotated[float | None, Field(description="Percent; null of nothing", examples=[92.31])]


class ReportKind(StrEnum):
    """The reports there are."""

    adoption = "adoption"
    attendance = "attendance"
    meetings = "meetings"
    admissions = "admissions"
    rating = "rating"
    away = "away"


class Line(Response):
    """What every line of a report begins with: the organisation it is about, with all below it."""

    organisation_id: UUID
    name: str = Field(examples=["Đảng bộ xã Yên Mô"])
    kind: OrganisationKind
    member_count: Int32 = Field(description="Probationary and official members at the period's end", examples=[5980])


class AdoptionLine(Line):
    """How the app is used in an organisation."""

    installed_count: Int32 = Field(
        description="Of the members, who has signed in by a phone's app until the period's end", examples=[5490]
    )
    installed_percent: Percent
    active_count: Int32 = Field(
        description="Of the members, who signed in, or whose app renewed its session, in the period", examples=[5413]
    )
    visit_count: Int32 = Field(
        description="Days of the period on which an installation of theirs did that, each one's counted by itself",
        examples=[20312],
    )


class AdoptionMonth(Response):
    """How the app was used in a calendar month, as far as it lies in the period."""

    month: date = Field(description="Its first day", examples=["2026-11-01"])
    active_count: Int32 = Field(examples=[5413])
    visit_count: Int32 = Field(examples=[20312])


class AdoptionReport(Response):
    """How many have the app and use it. It is made of what signing in keeps anyway; nothing else is written down."""

    begins_on: date = Field(examples=["2026-11-01"])
    ends_on: date = Field(examples=["2026-11-22"])
    total: AdoptionLine
    rows: list[AdoptionLine] = Field(description="Directly below, by name; none below a branch")
    visits_are_complete: bool = Field(
        description="False where the period begins more than a year ago: visits of ended sessions may be gone since"
    )
    months: list[AdoptionMonth] = Field(description="Of the whole organisation, in their order")


class AttendanceLine(Line):
    """How a branch, or all branches of an organisation, came to meetings."""

    meeting_count: Int32 = Field(description="Branch meetings that were held", examples=[48])
    present_count: Int32 = Field(description="Presences: in the room, online or late", examples=[702])
    expected_count: Int32 = Field(description="Places on the rolls without the exempt", examples=[766])
    rate_percent: Percent
    band: str | None = Field(description="`excellent`, `good`, `fair` or `poor`, by the rules", examples=["excellent"])
    excellent_count: Int32 = Field(description="Branches in this band", examples=[3])
    good_count: Int32 = Field(examples=[1])
    fair_count: Int32 = Field(examples=[0])
    poor_count: Int32 = Field(examples=[0])


class AttendanceReport(Response):
    """Attendance = present / (on the roll - exempt), in bands by the rules of the period's last day."""

    begins_on: date = Field(examples=["2026-11-01"])
    ends_on: date = Field(examples=["2026-11-22"])
    rule_set: str = Field(examples=["42-HD/BTCTW@2025-10-28"])
    total: AttendanceLine
    rows: list[AttendanceLine]


class MeetingsLine(Line):
    """Whether the branches of an organisation meet as the rules ask."""

    due_count: Int32 = Field(description="Regular meetings due: one a branch and complete month", examples=[110])
    held_count: Int32 = Field(description="Of these months, those with a regular meeting that was held", examples=[108])
    held_percent: Percent
    meeting_count: Int32 = Field(description="All meetings held in the period", examples=[131])
    papers_count: Int32 = Field(description="Of these, with papers", examples=[120])
    papers_in_time_count: Int32 = Field(description="Of these, with all papers there in time", examples=[111])
    papers_in_time_percent: Percent
    minutes_due_count: Int32 = Field(description="Meetings whose minutes are out, or had to be by now", examples=[130])
    minutes_in_time_count: Int32 = Field(description="Of these, those out in time", examples=[122])
    minutes_in_time_percent: Percent


class MeetingsReport(Response):
    """Meetings held each month, papers a day before, minutes within two days, each by the rules of its own day."""

    begins_on: date = Field(examples=["2026-11-01"])
    ends_on: date = Field(examples=["2026-11-22"])
    total: MeetingsLine
    rows: list[MeetingsLine]


class Composition(Response):
    """Who was admitted, by what their dossiers say; each percentage is of all who were admitted.

    It is null where none of the dossiers says it, and low where some do not: `…_known_count` are those that do.
    """

    education_known_count: Int32 = Field(examples=[13832])
    upper_secondary_count: Int32 = Field(description="Finished upper secondary school, or more", examples=[12767])
    upper_secondary_percent: Percent
    college_or_university_count: Int32 = Field(
        description="The highest of them a college or university", examples=[7442]
    )
    college_or_university_percent: Percent
    masters_count: Int32 = Field(description="The highest of them a master's degree", examples=[204])
    masters_percent: Percent
    doctorate_count: Int32 = Field(examples=[3])
    ethnicity_known_count: Int32 = Field(examples=[13832])
    ethnic_minority_count: Int32 = Field(examples=[1563])
    ethnic_minority_percent: Percent
    occupation_known_count: Int32 = Field(examples=[13832])
    farmers_count: Int32 = Field(examples=[3997])
    farmers_percent: Percent
    enterprise_count: Int32 = Field(description="At work in enterprises", examples=[1314])
    enterprise_percent: Percent


class AdmissionsLine(Line):
    """Whom an organisation admitted, beside its plan."""

    admitted_count: Int32 = Field(examples=[2360])
    plan: Int32 | None = Field(
        description="Of these years together, else of exactly this term; null where neither is planned",
        examples=[2253],
    )
    percent_of_plan: Percent
    over_plan_percent: float | None = Field(description="Negative where the plan was missed", examples=[4.75])
    percent_of_members: Percent
    recognised_count: Int32 = Field(description="Became official members", examples=[2104])
    candidate_count: Int32 = Field(description="Candidates at the end", examples=[3960])
    pool_ratio: float | None = Field(description="Candidates to the last year's plan", examples=[1.76])
    pool_is_enough: bool | None = Field(description="Whether the ratio is what the rules ask for", examples=[True])
    women_count: Int32 | None = Field(description="Null of a group too small to be broken down", examples=[1109])
    women_percent: Percent
    youth_count: Int32 | None = Field(description="30 years old at most when admitted; null likewise", examples=[1626])
    youth_percent: Percent
    composition: Composition | None = Field(description="Null likewise")
    term_plan: Int32 | None = Field(description="Of the report's term; null where it has none", examples=[11000])
    term_admitted_count: Int32 | None = Field(
        description="Since the term began, to the report's end; null without a term", examples=[4711]
    )
    percent_of_term_plan: Percent
    founded_count: Int32 = Field(
        description="New organisations: none that came out of others, and one with all below it once", examples=[12]
    )
    founding_plan: Int32 | None = Field(description="Of these years together, likewise", examples=[10])
    founded_percent_of_plan: Percent


class AdmissionsReport(Response):
    """Admissions of a year, or of a term of up to five, beside the plans."""

    from_year: Year
    to_year: Year
    term_from_year: Year | None = Field(
        description="The organisation's planned term in which the last year lies; null where it has none",
        examples=[2026],
    )
    term_to_year: Year | None = Field(examples=[2030])
    total: AdmissionsLine
    rows: list[AdmissionsLine]


class RatingLine(Line):
    """How members were rated for a year."""

    rated_count: Int32 = Field(examples=[5900])
    excellent_count: Int32 = Field(examples=[810])
    good_count: Int32 = Field(examples=[4480])
    fulfilled_count: Int32 = Field(examples=[580])
    not_fulfilled_count: Int32 = Field(examples=[30])
    excellent_percent_of_good: Percent
    is_over_cap: bool = Field(description="Whether the best grade was given more often than the rules let")


class RatingReport(Response):
    """The four grades, and whether the cap of the best one is kept. It warns; nothing is refused."""

    year: Year
    total: RatingLine
    rows: list[RatingLine]


class AwayLine(Line):
    """Members working away on a day."""

    away_count: Int32 = Field(examples=[412])
    away_percent: Percent
    abroad_count: Int32 = Field(description="In another time zone than Việt Nam's", examples=[61])
    long_count: Int32 = Field(description="For three months or longer", examples=[377])
    out_of_touch_count: Int32 = Field(
        description="Whose app was not used in thirty days, or who has none", examples=[9]
    )


class AwayReport(Response):
    """Members working away, and with how many of them touch was lost."""

    counted_on: date = Field(examples=["2026-11-22"])
    total: AwayLine
    rows: list[AwayLine]


Report = AdoptionReport | AttendanceReport | MeetingsReport | AdmissionsReport | RatingReport | AwayReport


Plan = Annotated[int, Field(ge=1, le=1_000_000, json_schema_extra={"format": "int32"}, examples=[2253])]


class TargetWrite(Request):
    """A plan of a year."""

    plan: Plan


class TargetView(Response):
    """A plan of admission."""

    organisation_id: UUID
    year: Year
    plan: Int32 = Field(examples=[2253])


class TermTargetWrite(Request):
    """A plan of admission for a term that begins with the year in the path."""

    to_year: Year = Field(description="The term's last year: at most the fifth", examples=[2030])
    plan: Plan


class CommitteeTargetView(Response):
    """A plan of a term, or of a year."""

    organisation_id: UUID
    kind: TargetKind = Field(examples=["admissions"])
    from_year: Year
    to_year: Year
    plan: Int32 = Field(examples=[11000])


class RatingWrite(Request):
    """A member's grade."""

    member_id: UUID
    grade: Grade


class RatingsWrite(Request):
    """Grades of members of the branch; of whom nothing is said keeps theirs."""

    items: Annotated[list[RatingWrite], Field(min_length=1, max_length=MOST_RATED)]

    @model_validator(mode="after")
    def _each_once(self) -> "RatingsWrite":
        if len({item.member_id for item in self.items}) < len(self.items):
            raise FieldError(
                "member_twice", Text(vi="Một người có hai mức xếp loại", en="Somebody is rated twice"), below="/items"
            )
        return self


class RatingView(Response):
    """A member and their grade."""

    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])
    grade: Grade | None = Field(description="Null: not rated yet")


class RatingsView(Response):
    """The branch's members, by name, with their grades of a year."""

    year: Year
    excellent_count: Int32 = Field(examples=[2])
    good_count: Int32 = Field(examples=[12])
    is_over_cap: bool = Field(description="A warning: the best grade was given more often than the rules let")
    items: list[RatingView]

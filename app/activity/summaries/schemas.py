"""Bodies of a year's figures."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.kernel.schemas import Int32, Response
from app.members.schemas import MemberRef

Share = Annotated[float, Field(ge=0, le=1)]


class YearFigures(Response):
    """A year in figures. Meetings count once they are over."""

    meetings_convened_count: Int32 = Field(description="Meetings one was called to", examples=[12])
    meetings_attended_count: Int32 = Field(description="Present, online or late", examples=[10])
    meetings_exempt_count: Int32 = Field(description="Meetings one was exempt from", examples=[1])
    attendance_rate: Share | None = Field(
        description="Attended / (convened - exempt), a share of 1; null where there was nothing to attend",
        examples=[0.9091],
    )
    attendance_band: str | None = Field(
        description="The rate's band by the rules in force: `excellent`, `good`, `fair`, `poor`", examples=["excellent"]
    )
    comments_count: Int32 = Field(examples=[4])
    votes_count: Int32 = Field(description="Votes cast, open and secret; never how", examples=[6])
    acknowledgements_count: Int32 = Field(description="Announcements acknowledged", examples=[9])
    tasks_done_count: Int32 = Field(examples=[2])
    tasks_open_count: Int32 = Field(description="Due by the end of the year and not done yet", examples=[1])
    entries_confirmed_count: Int32 = Field(description="Entries of one's own that are confirmed", examples=[3])


class MemberFigures(YearFigures):
    """A member's year in figures."""

    unexcused_months_count: Int32 = Field(
        description="Different months with a meeting missed without good reason", examples=[0]
    )
    removal_flag: bool = Field(
        description="The branch may propose a removal for absence without good reason in three months of the year. "
        "A flag and no more: no status changes by it, and dues, the rule's other ground, are not in the system",
        examples=[False],
    )


class MyYear(MemberFigures):
    """My year in figures."""

    year: Int32 = Field(examples=[2026])


class MemberYear(MemberFigures):
    """A member's row in the figures of their branch."""

    member: MemberRef


class BranchYear(Response):
    """A branch's year in figures."""

    organisation_id: UUID
    year: Int32 = Field(examples=[2026])
    members_count: Int32 = Field(description="Members at home in the branch today", examples=[16])
    flagged_count: Int32 = Field(description="How many of them have `removal_flag`", examples=[0])
    totals: YearFigures = Field(description="Of all members together")
    members: list[MemberYear] = Field(description="By name, for the organisers; empty for officers above")

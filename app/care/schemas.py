"""Bodies of care: one member as the branch's organisers see them, and as they see themself."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Int32, Response
from app.meetings.models import Attendance
from app.meetings.schemas import MyReply
from app.members.schemas import MemberRef
from app.notifications.reach.schemas import Unreached

NumberOfContact = Annotated[
    str | None,
    Field(description="Masked here; `GET /v1/members/{id}/proxy-contact` shows it", examples=["+84*****789"]),
]
TimeZoneName = Annotated[str, Field(description="IANA; that of the place", examples=["Asia/Ho_Chi_Minh"])]


class Touch(StrEnum):
    """How the branch knows that somebody was there: only what the handbook keeps for another reason anyway."""

    app = "app"
    """The app was used, on any phone."""
    reply = "reply"
    """They replied to a meeting themself."""
    announcement = "announcement"
    """They opened or acknowledged an announcement."""
    meeting = "meeting"
    """They took part in a meeting, by its roll."""


class TimeAwayView(Response):
    """A time away: the one that holds today, or the last one of the half year."""

    id: UUID
    starts_on: date = Field(examples=["2026-03-01"])
    ends_on: date | None = Field(description="Null where the return is not known", examples=["2027-02-28"])
    place: str = Field(examples=["Berlin, CHLB Đức"])
    time_zone: str = Field(examples=["Europe/Berlin"])


class MissedMeeting(Response):
    """A meeting that is over, and the roll says that they were not there."""

    meeting_id: UUID
    title: str = Field(examples=["Sinh hoạt chi bộ thường kỳ tháng 11"])
    starts_at: Instant
    time_zone: TimeZoneName
    attendance: Attendance = Field(description="`excused` or `unexcused`", examples=["unexcused"])


class ComingMeeting(Response):
    """A meeting to come that calls them."""

    meeting_id: UUID
    title: str = Field(examples=["Sinh hoạt chi bộ thường kỳ tháng 12"])
    starts_at: Instant
    time_zone: TimeZoneName
    reply: MyReply | None = Field(description="Null while they have said nothing")


class UnreadPaper(Response):
    """An announcement to them that they have not opened, or not acknowledged where that is asked."""

    announcement_id: UUID
    title: str = Field(examples=["Kế hoạch học tập chuyên đề"])
    published_at: Instant
    needs_acknowledgement: bool
    opened_at: Instant | None


class ProxyContactRef(Response):
    """Whom to ask about a member."""

    full_name: str = Field(examples=["Phạm Văn Đông"])
    relation: str = Field(examples=["Anh trai, ở cùng thôn"])
    phone: NumberOfContact
    note: str | None = Field(examples=["Gọi sau 19 giờ"])


class CareView(Response):
    """How a member fares with their branch: the organisers and the member read the same.

    It looks back half a year (183 days). No meeting's papers are among what is unread: who opens a file is not kept.
    """

    member: MemberRef
    is_away: bool = Field(description="Whether a time away holds today", examples=[True])
    away: TimeAwayView | None = Field(description="The one that holds today, else the last of the half year")
    last_in_touch_on: date | None = Field(
        description="The latest day, in Việt Nam, on which any of `last_in_touch_by` happened; null if none ever did",
        examples=["2026-11-20"],
    )
    last_in_touch_by: Touch | None = Field(examples=["app"])
    convened_meetings_count: Int32 = Field(
        description="The branch's meetings of the half year that are over and called them", examples=[6]
    )
    missed_meetings_count: Int32 = Field(examples=[2])
    missed_meetings: list[MissedMeeting] = Field(description="The latest first")
    coming_meetings: list[ComingMeeting] = Field(description="The next first, ten at most")
    unread_papers_count: Int32 = Field(examples=[3])
    unread_papers: list[UnreadPaper] = Field(
        description="The latest first, twenty at most; named are the branch's own and those to everybody, counted all"
    )
    has_phone: bool = Field(description="Whether a phone of theirs can be notified; else ring them up", examples=[True])
    unexcused_months_count: Int32 = Field(
        description="Different months of this year with a meeting missed without good reason", examples=[0]
    )
    three_month_flag: bool = Field(
        description="As many months as the rules name (three): the branch may propose a removal. A flag and no more",
        examples=[False],
    )
    last_nudged_at: Instant | None
    last_nudged_by: MemberRef | None = Field(description="Null too where another branch gave it, before they came here")
    next_nudge_at: Instant | None = Field(description="Before it no other nudge is taken; null where one is")
    proxy_contact: ProxyContactRef | None

    def state(self) -> str:
        """Return what the ETag stands for: all that is shown, since it depends on the day."""
        return self.model_dump_json()


class MemberAwayPage(Page[CareView]):
    """Members who are away, or were within half a year, in the order of Vietnamese names."""


class NudgeView(Response):
    """A nudge that is on its way."""

    id: UUID
    member_id: UUID
    nudged_by: UUID
    nudged_at: Instant
    next_nudge_at: Instant = Field(description="Before it no other one is taken")


class UnreachedMember(Response):
    """Somebody whom the last call has reached on no phone, or was not told of it, and who has not replied."""

    member: MemberRef
    state: Unreached
    reason: str = Field(description="In words", examples=["Chưa có điện thoại nhận được thông báo"])
    is_away: bool
    place: str | None = Field(description="Where, in words; null at home", examples=["Berlin, CHLB Đức"])
    proxy_contact: ProxyContactRef | None


class CalledMeeting(Response):
    """The meeting whose call went out last, of those to come."""

    meeting_id: UUID
    title: str = Field(examples=["Sinh hoạt chi bộ thường kỳ tháng 12"])
    starts_at: Instant
    time_zone: TimeZoneName


class UnreachedMembers(Response):
    """Whom to ring up about the last call."""

    meeting: CalledMeeting | None = Field(description="Null where no meeting is called")
    members: list[UnreachedMember] = Field(description="By name, 200 at most")

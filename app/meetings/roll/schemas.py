"""Bodies of the roll."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.schemas import Instant, Int32, Line, Request, Response, Versioned
from app.meetings.codes import STEP_SECONDS
from app.meetings.models import Attendance, MeetingStatus, ReplyKind, RollSource, RosterStanding

MAX_ENTRIES = 500

_TWICE = Text(vi="Một đảng viên được ghi hai lần", en="A member is entered twice")


class MeetingStart(Request):
    """Who leads the meeting; both are on the roster."""

    chair_id: UUID | None = Field(default=None, description="By default the secretary or deputy who starts it")
    minute_taker_id: UUID | None = Field(default=None, description="Who writes the minutes")


class RollEntryWrite(Request):
    """What the roll says of one member."""

    member_id: UUID
    attendance: Attendance
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] | None = Field(
        default=None, description="For organisers only; left out, it becomes empty", examples=["Ốm, có báo trước"]
    )


class RollReplace(Request):
    """The roll, or the part of it that changes: members who are not listed stay as they are."""

    entries: list[RollEntryWrite] = Field(min_length=1, max_length=MAX_ENTRIES)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        seen: set[UUID] = set()
        for index, entry in enumerate(self.entries):
            if entry.member_id in seen:
                raise FieldError("duplicate_member", _TWICE, below=f"/entries/{index}/member_id")
            seen.add(entry.member_id)
        return self


class CheckIn(Request):
    """A code scanned from the meeting's screen."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)] = Field(
        examples=["AABYRGZDMFRGGZDFMZTWQ2LK"]
    )
    online: bool = Field(default=False, description="Taking part from elsewhere")
    offline: bool = Field(
        default=False, description="Scanned without a network and sent later; the code itself says when it was shown"
    )


class GuestWrite(Request):
    """Somebody from another branch, or from above, who sits in."""

    full_name: Line = Field(examples=["Ngô Văn Lâm"])
    organisation_name: Line | None = Field(default=None, examples=["Đảng ủy xã Yên Mô"])


class GuestView(Response):
    """A guest; not in the headcount."""

    id: UUID
    full_name: str = Field(examples=["Ngô Văn Lâm"])
    organisation_name: str | None = Field(examples=["Đảng ủy xã Yên Mô"])


class RollEntryView(Response):
    """Somebody on the roster, as they stood when the meeting began."""

    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])
    standing: RosterStanding
    is_exempt: bool = Field(description="Exempt from meetings on that day; may come all the same")
    is_away: bool = Field(description="Temporarily transferred elsewhere on that day")
    reply: ReplyKind | None = Field(description="What was said before the meeting")
    reply_reason: str | None = Field(examples=["Đi công tác"])
    suggested: Attendance | None = Field(
        description="What the end of the meeting will say if nobody says anything else; null is unexcused"
    )
    attendance: Attendance | None = Field(description="Null until the roll is taken")
    source: RollSource | None = Field(description="Null where the end of the meeting filled it in")
    checked_in_at: Instant | None = Field(description="By the server's clock; of a late scan, when the code was shown")
    arrived_offline: bool = Field(description="The scan reached the server later than it was made")
    entered_by: UUID | None = Field(description="The organiser, or the member themself by code")
    note: str | None = Field(description="For organisers only", examples=["Ốm, có báo trước"])


class RollCounts(Response):
    """Head counts of the roster; temporary guests and guests are in none of them (domain.md 7, 15)."""

    total: Int32 = Field(examples=[20])
    present: Int32 = Field(description="Here in the room", examples=[14])
    present_online: Int32 = Field(examples=[2])
    late: Int32 = Field(examples=[1])
    excused: Int32 = Field(examples=[1])
    unexcused: Int32 = Field(examples=[0])
    exempt: Int32 = Field(description="Those who are exempt and have not come too", examples=[1])
    not_taken: Int32 = Field(examples=[1])
    rate: float | None = Field(description="Present, online or late, as a share of all but the exempt", examples=[0.85])
    band: str | None = Field(description="Band of the rate in the meeting's rule set", examples=["good"])


class Quorum(Response):
    """Whether enough are present: a warning, which stops nothing (domain.md 17)."""

    needed_share: float = Field(description="Share of all but the exempt", examples=[0.6667])
    present_count: Int32 = Field(examples=[17])
    reached: bool


class RollView(Versioned):
    """The roll of a meeting; its id is the meeting's, its version its own."""

    status: MeetingStatus
    entries: list[RollEntryView] = Field(description="Everybody for organisers, oneself for members, none for officers")
    guests: list[GuestView] = Field(description="None for officers above, who learn no names")
    counts: RollCounts
    quorum: Quorum

    def state(self) -> str:
        """Return what the ETag stands for: whatever the viewer sees of it."""
        return self.model_dump_json()


class CheckInCode(Response):
    """What the screen shows now; fetch the next one when its time is over."""

    code: str = Field(examples=["AABYRGZDMFRGGZDFMZTWQ2LK"])
    valid_until: Instant = Field(description="End of its step; accepted for one step more")
    step_seconds: Int32 = Field(examples=[STEP_SECONDS])

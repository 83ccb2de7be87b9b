"""Bodies of the meeting: what an organiser writes, what a member sees and answers."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AnyUrl, Field, StringConstraints, UrlConstraints, WithJsonSchema, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import (
    WRITTEN_INSTANT,
    AwareInstant,
    Instant,
    Int32,
    Line,
    Prose,
    Request,
    Response,
    Versioned,
)
from app.kernel.timezones import TimeZone, to_instant
from app.meetings.models import MeetingKind, MeetingStatus, ReplyKind

MAX_AGENDA = 50
LONGEST = timedelta(hours=24)

_ENDS_BEFORE_START = Text(vi="Giờ kết thúc phải sau giờ bắt đầu", en="The end must be after the start")
_TOO_LONG = Text(vi="Một cuộc họp dài nhất 24 giờ", en="A meeting lasts 24 hours at most")
_FAR = Text(vi="Thời gian nằm ngoài phạm vi sử dụng", en="The time is out of range")
_POSITIONS = Text(vi="Hai mục có cùng thứ tự", en="Two items have the same position")

WallTime = Annotated[
    datetime,
    WRITTEN_INSTANT,
    WithJsonSchema({"type": "string", "format": "date-time"}),
    Field(
        description="RFC 3339. Without an offset it is the wall clock's time in `time_zone`",
        examples=["2026-12-04T12:30:00Z"],
    ),
]
HttpsUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https"], max_length=500)]


class AgendaItemWrite(Request):
    """One point of an agenda."""

    position: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        default=None, description="Its place; by default as listed", examples=[1]
    )
    title: Line = Field(examples=["Đánh giá kết quả công tác tháng 11"])
    minutes: Annotated[int, Field(strict=True, ge=1, le=1440)] | None = Field(
        default=None, description="Minutes planned", examples=[30]
    )
    presenter: Line | None = Field(default=None, examples=["Bí thư chi bộ"])
    body: Prose | None = Field(default=None, examples=["Kết quả thu nộp đảng phí, phát triển đảng viên"])
    document_ids: list[UUID] = Field(
        default_factory=list, max_length=20, description="Papers out of the branch's library, or of one above it"
    )


class MeetingReplace(Request):
    """A meeting, whole: what is left out becomes empty."""

    kind: MeetingKind = MeetingKind.regular
    title: Line = Field(examples=["Sinh hoạt chi bộ thường kỳ tháng 12"])
    starts_at: WallTime
    ends_at: WallTime | None = None
    time_zone: TimeZone = Field(default="Asia/Ho_Chi_Minh", examples=["Asia/Ho_Chi_Minh"])
    place: Line | None = Field(default=None, examples=["Nhà văn hóa thôn Đông"])
    online_url: HttpsUrl | None = Field(default=None, examples=["https://hop.example.vn/chi-bo-thon-dong"])
    agenda: list[AgendaItemWrite] = Field(default_factory=list, max_length=MAX_AGENDA)

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.starts_at = _instant(self.starts_at, self.time_zone, "/starts_at")
        if self.ends_at is not None:
            self.ends_at = _instant(self.ends_at, self.time_zone, "/ends_at")
            if self.ends_at <= self.starts_at:
                raise FieldError("ends_before_start", _ENDS_BEFORE_START, below="/ends_at")
            if self.ends_at - self.starts_at > LONGEST:
                raise FieldError("meeting_too_long", _TOO_LONG, below="/ends_at")
        places = [item.position or index for index, item in enumerate(self.agenda, start=1)]
        if len(set(places)) != len(places):
            raise FieldError("duplicate_position", _POSITIONS, below="/agenda")
        return self

    def ordered_agenda(self) -> list[AgendaItemWrite]:
        """Return the items in their places."""
        numbered = enumerate(self.agenda, start=1)
        return [item for _, item in sorted(((item.position or index, item) for index, item in numbered), key=_first)]


def _first(pair: tuple[int, AgendaItemWrite]) -> int:
    return pair[0]


def _instant(value: datetime, zone: str, pointer: str) -> datetime:
    try:
        found = to_instant(value, zone)
    except FieldError as error:
        raise FieldError(error.code, error.text, below=pointer) from None
    except OverflowError:
        raise FieldError("out_of_range", _FAR, below=pointer) from None
    if not datetime(2000, 1, 1, tzinfo=UTC) <= found < datetime(2100, 1, 1, tzinfo=UTC):
        raise FieldError("out_of_range", _FAR, below=pointer)
    return found


class MeetingCreate(MeetingReplace):
    """A new meeting; it is a draft until it is announced."""

    id: UUID | None = Field(default=None, description="The client's own id (UUID), for an offline outbox")
    carry_open_tasks: bool = Field(
        default=True,
        description="Whether the agenda ends with a point on tasks of earlier meetings that are still open",
    )


class Postponement(Request):
    """Another time for an announced meeting, and why; the length stays."""

    starts_at: AwareInstant = Field(examples=["2026-12-06T12:30:00Z"])
    reason: Line = Field(examples=["Trùng lịch tiếp xúc cử tri"])

    @model_validator(mode="after")
    def _range(self) -> Self:
        self.starts_at = _instant(self.starts_at, "UTC", "/starts_at")
        return self


class Cancellation(Request):
    """Why the meeting will not take place."""

    reason: Line = Field(examples=["Mưa bão, chuyển sinh hoạt sang tháng sau"])


class ReplyWrite(Request):
    """Whether a member comes; absence has a reason."""

    reply: ReplyKind
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] | None = Field(
        default=None, examples=["Đi công tác"]
    )
    schedule_version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="That of the meeting as it was shown; left out, the current one", examples=[1]
    )

    @model_validator(mode="after")
    def _absence_has_a_reason(self) -> Self:
        if self.reply is ReplyKind.absent and self.reason is None:
            raise FieldError(
                "reason_missing", Text(vi="Vắng mặt cần ghi lý do", en="Absence needs a reason"), below="/reason"
            )
        return self


class AgendaItemView(Response):
    """One point of an agenda."""

    position: Int32 = Field(examples=[1])
    title: str = Field(examples=["Đánh giá kết quả công tác tháng 11"])
    minutes: Int32 | None = Field(description="Minutes planned", examples=[30])
    presenter: str | None = Field(examples=["Bí thư chi bộ"])
    body: str | None = Field(examples=["Kết quả thu nộp đảng phí, phát triển đảng viên"])
    document_ids: list[UUID] = Field(description="Its papers, in their order")


class MyReply(Response):
    """What a member said."""

    reply: ReplyKind
    reason: str | None = Field(examples=["Đi công tác"])
    replied_at: Instant
    entered_by: UUID = Field(description="The member who wrote it down: oneself, or the secretary for somebody")
    before_last_move: bool = Field(
        description="Whether time or place changed after it was given; while the day is the same it holds"
    )


class ReplyCounts(Response):
    """How many said what of the meeting's day; only organisers and officers above see it.

    What was said before a postponement, or before a move from another day, is not counted.
    """

    attending: Int32 = Field(examples=[14])
    attending_online: Int32 = Field(examples=[2])
    absent: Int32 = Field(examples=[1])
    silent: Int32 = Field(description="Convened, and said nothing of its day yet", examples=[3])


class MeetingView(Versioned):
    """A meeting as its reader may know it: a draft is the organisers' alone, officers above see when and how many.

    `time_zone` (IANA) is that of the place, in which the hours are said to people. `my_reply` is the reader's own and
    null where they are not called or said nothing; `reply_counts` is null but for organisers and officers above. From
    its beginning on the meeting keeps `rule_set`, whatever rule comes into force later.
    """

    organisation_id: UUID
    kind: MeetingKind
    status: MeetingStatus
    title: str = Field(examples=["Sinh hoạt chi bộ thường kỳ tháng 12"])
    starts_at: Instant
    ends_at: Instant | None
    time_zone: str = Field(examples=["Asia/Ho_Chi_Minh"])
    place: str | None = Field(examples=["Nhà văn hóa thôn Đông"])
    online_url: str | None = Field(examples=["https://hop.example.vn/chi-bo-thon-dong"])
    reason: str | None = Field(description="Why it was postponed or cancelled", examples=["Trùng lịch tiếp xúc cử tri"])
    agenda: list[AgendaItemView]
    schedule_version: Int32 = Field(description="Rises when time or place change", examples=[1])
    started_at: Instant | None
    ended_at: Instant | None
    chair_id: UUID | None = Field(description="Who leads the meeting, once it has begun")
    minute_taker_id: UUID | None
    rule_set: str | None = Field(
        description="The rules in force on the day it began, which stay its own", examples=["42-HD/BTCTW@2025-10-28"]
    )
    warnings: list[str] = Field(
        description="For organisers, and nothing is stopped by them: `papers_late`, `shorter_than_rule`, "
        "`quorum_missing`; more may come",
        examples=[["papers_late"]],
    )
    my_reply: MyReply | None
    reply_counts: ReplyCounts | None

    def state(self) -> str:
        """Return what the ETag stands for: the version, and what this viewer answered, may count or is warned of."""
        mine: Any = self.my_reply.model_dump_json() if self.my_reply else ""
        counts: Any = self.reply_counts.model_dump_json() if self.reply_counts else ""
        return f"{super().state()}.{mine}.{counts}.{','.join(self.warnings)}"


class MeetingPage(Page[MeetingView]):
    """Meetings, by their start."""


class ReplyView(Response):
    """A convened member and what they said, if anything."""

    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])
    away: bool
    reply: MyReply | None

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class ReplyPage(Page[ReplyView]):
    """Everybody convened, in the order of their names."""

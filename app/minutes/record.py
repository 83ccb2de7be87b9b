"""What minutes say: frozen whole at the approval, shown as it is, and typeset."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from app.kernel.schemas import Instant, Int32, Response
from app.meetings.models import TOOK_PART, Attendance, MeetingKind, RosterStanding


class MinutesPerson(Response):
    """A member by name, with the post they held in the branch."""

    member_id: UUID
    full_name: str = Field(examples=["Nguyễn Văn An"])
    post: str | None = Field(examples=["Bí thư chi bộ"])


class MinutesHeadcount(Response):
    """The head counts, made of the roll (domain.md 15, 16): guests are in none of them."""

    total_count: Int32 = Field(description="Members on the roster", examples=[20])
    present_count: Int32 = Field(description="In the room, online, or late", examples=[17])
    online_count: Int32 = Field(description="Of those present, online", examples=[2])
    late_count: Int32 = Field(description="Of those present, late", examples=[1])
    absent_count: Int32 = Field(description="Absent, with or without reason", examples=[2])
    exempt_count: Int32 = Field(description="Exempt from meetings, and not there", examples=[1])
    rate_percent: float | None = Field(description="Present of all but the exempt, to one place", examples=[89.5])
    excused: list[str] = Field(description="Absent with reason, by name", examples=[["Phạm Thị Dung"]])
    unexcused: list[str] = Field(description="Absent without reason, by name", examples=[["Lê Văn Cường"]])
    exempt: list[str] = Field(description="Exempt, by name", examples=[["Đỗ Văn Phúc"]])
    guests: list[str] = Field(description="Who sat in", examples=[["Ngô Văn Lâm (Đảng ủy xã Yên Mô)"]])


class MinutesSection(Response):
    """One point of the minutes, as of the agenda."""

    heading: str = Field(examples=["Đánh giá kết quả công tác tháng 11"])
    body: str | None = Field(examples=["Đồng chí bí thư báo cáo; chi bộ nhất trí."])


class MinutesPoll(Response):
    """The result of one vote; shares are of the electorate, absent ones too (domain.md 19)."""

    id: UUID | None = Field(default=None, description="The poll's; null in minutes approved before it was kept")
    question: str = Field(examples=["Thông qua nghị quyết tháng 12"])
    is_secret: bool
    electorate_count: Int32 = Field(examples=[20])
    in_favour_count: Int32 = Field(examples=[16])
    against_count: Int32 = Field(examples=[1])
    other_count: Int32 = Field(examples=[0])
    passed: bool | None


class MinutesTask(Response):
    """A task that the meeting gave out."""

    title: str = Field(examples=["Thu đảng phí quý IV"])
    assignee: str = Field(examples=["Trần Thị Bình"])
    due_on: date = Field(examples=["2026-12-20"])


class MinutesResolution(Response):
    """A resolution that the meeting adopted."""

    id: UUID
    title: str = Field(examples=["Nghị quyết lãnh đạo thực hiện nhiệm vụ tháng 12"])
    number: str | None = Field(examples=["Số 05-NQ/CB"])


class MinutesRecord(Response):
    """Everything the minutes of a meeting say."""

    above: str | None = Field(description="The organisation above", examples=["Đảng bộ xã Yên Mô"])
    organisation: str = Field(examples=["Chi bộ thôn Đông"])
    locality: str | None = Field(examples=["Yên Mô"])
    series: str = Field(description="What stands behind the number", examples=["BB/CB"])
    kind: MeetingKind
    title: str = Field(examples=["Sinh hoạt chi bộ thường kỳ tháng 12"])
    began_at: Instant
    ended_at: Instant | None
    elapsed_minutes: Int32 | None = Field(examples=[95])
    time_zone: str = Field(examples=["Asia/Ho_Chi_Minh"])
    place: str | None = Field(examples=["Nhà văn hóa thôn Đông"])
    online: bool
    chair: MinutesPerson | None
    minute_taker: MinutesPerson | None
    headcount: MinutesHeadcount
    sections: list[MinutesSection]
    conclusion: str | None = Field(examples=["Chi bộ nhất trí với báo cáo của đồng chí bí thư."])
    polls: list[MinutesPoll]
    resolutions: list[MinutesResolution]
    tasks: list[MinutesTask]


def count_heads(
    roll: Iterable[tuple[str, RosterStanding, Attendance | None]], *, guests: Iterable[str]
) -> MinutesHeadcount:
    """Count a roll of (full name, standing, attendance), in the order of its names.

    A member of another branch staying here (temporary guest) is in no headcount of this one (domain.md 7): who came
    is named among the guests. Of whom the roll says nothing is absent without reason.
    """
    members: dict[Attendance, list[str]] = {}
    visiting = []
    for full_name, standing, attendance in roll:
        if standing is not RosterStanding.temporary_guest:
            members.setdefault(attendance or Attendance.unexcused, []).append(full_name)
        elif attendance in TOOK_PART:
            visiting.append(full_name)
    total = sum(map(len, members.values()))
    present = sum(len(members.get(kind, ())) for kind in TOOK_PART)
    excused, unexcused, exempt = (
        members.get(kind, []) for kind in (Attendance.excused, Attendance.unexcused, Attendance.exempt)
    )
    expected = total - len(exempt)
    return MinutesHeadcount(
        total_count=total,
        present_count=present,
        online_count=len(members.get(Attendance.present_online, ())),
        late_count=len(members.get(Attendance.late, ())),
        absent_count=len(excused) + len(unexcused),
        exempt_count=len(exempt),
        rate_percent=round(100 * present / expected, 1) if expected else None,
        excused=excused,
        unexcused=unexcused,
        exempt=exempt,
        guests=[*visiting, *guests],
    )


def elapsed_minutes(began_at: datetime, ended_at: datetime | None) -> int | None:
    """Return the whole minutes between, if it has ended."""
    return None if ended_at is None else max(int((ended_at - began_at).total_seconds() // 60), 0)

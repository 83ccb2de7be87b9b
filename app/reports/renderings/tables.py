"""Reports as tables in Vietnamese, for spreadsheet and paper alike: headings, and a line of figures for each place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.reports.schemas import (
    AdmissionsReport,
    AdoptionReport,
    AttendanceReport,
    AwayReport,
    Line,
    MeetingsReport,
    RatingReport,
    Report,
)

Cell = str | int | float | None
TOTAL = "Tổng số"
BANDS = {"excellent": "Xuất sắc", "good": "Tốt", "fair": "Khá", "poor": "Thấp"}
_YES = {True: "Có", False: "Không", None: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What is printed: a title, what it is about, headings, and rows whose first cell is a name."""

    title: str
    about: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


Column = tuple[str, Callable[[Any], Cell]]
"""A heading and what stands below it; Any: of the report's own lines."""

_NAME: Column = ("Tổ chức", lambda line: line.name)
_MEMBERS: Column = ("Đảng viên", lambda line: line.member_count)

_ADOPTION: tuple[Column, ...] = (
    _NAME,
    _MEMBERS,
    ("Đã cài", lambda line: line.installed_count),
    ("Tỷ lệ cài (%)", lambda line: line.installed_percent),
    ("Có đăng nhập", lambda line: line.active_count),
    ("Lượt truy cập", lambda line: line.visit_count),
)
_ATTENDANCE: tuple[Column, ...] = (
    _NAME,
    _MEMBERS,
    ("Cuộc họp", lambda line: line.meeting_count),
    ("Lượt có mặt", lambda line: line.present_count),
    ("Lượt phải dự", lambda line: line.expected_count),
    ("Tỷ lệ dự (%)", lambda line: line.rate_percent),
    ("Mức", lambda line: BANDS.get(line.band or "")),
    ("Chi bộ xuất sắc", lambda line: line.excellent_count),
    ("Chi bộ tốt", lambda line: line.good_count),
    ("Chi bộ khá", lambda line: line.fair_count),
    ("Chi bộ thấp", lambda line: line.poor_count),
)
_MEETINGS: tuple[Column, ...] = (
    _NAME,
    ("Kỳ phải họp", lambda line: line.due_count),
    ("Kỳ đã họp", lambda line: line.held_count),
    ("Tỷ lệ họp (%)", lambda line: line.held_percent),
    ("Cuộc họp", lambda line: line.meeting_count),
    ("Có tài liệu", lambda line: line.papers_count),
    ("Tài liệu đúng hạn", lambda line: line.papers_in_time_count),
    ("Tỷ lệ (%)", lambda line: line.papers_in_time_percent),
    ("Biên bản đến hạn", lambda line: line.minutes_due_count),
    ("Biên bản đúng hạn", lambda line: line.minutes_in_time_count),
    ("Tỷ lệ (%)", lambda line: line.minutes_in_time_percent),
)
_ADMISSIONS: tuple[Column, ...] = (
    _NAME,
    _MEMBERS,
    ("Kết nạp", lambda line: line.admitted_count),
    ("Chỉ tiêu", lambda line: line.plan),
    ("Đạt (%)", lambda line: line.percent_of_plan),
    ("Vượt (%)", lambda line: line.over_plan_percent),
    ("So với đảng viên (%)", lambda line: line.percent_of_members),
    ("Công nhận chính thức", lambda line: line.recognised_count),
    ("Nguồn", lambda line: line.candidate_count),
    ("Nguồn / chỉ tiêu", lambda line: line.pool_ratio),
    ("Đủ nguồn", lambda line: _YES[line.pool_is_enough]),
    ("Nữ", lambda line: line.women_count),
    ("Nữ (%)", lambda line: line.women_percent),
    ("Từ 30 tuổi trở xuống", lambda line: line.youth_count),
    ("Tỷ lệ (%)", lambda line: line.youth_percent),
)
_RATING: tuple[Column, ...] = (
    _NAME,
    _MEMBERS,
    ("Đã xếp loại", lambda line: line.rated_count),
    ("Hoàn thành xuất sắc", lambda line: line.excellent_count),
    ("Hoàn thành tốt", lambda line: line.good_count),
    ("Hoàn thành", lambda line: line.fulfilled_count),
    ("Không hoàn thành", lambda line: line.not_fulfilled_count),
    ("Xuất sắc / tốt (%)", lambda line: line.excellent_percent_of_good),
    ("Vượt mức trần", lambda line: _YES[line.is_over_cap]),
)
_AWAY: tuple[Column, ...] = (
    _NAME,
    _MEMBERS,
    ("Đi làm ăn xa", lambda line: line.away_count),
    ("Tỷ lệ (%)", lambda line: line.away_percent),
    ("Ở nước ngoài", lambda line: line.abroad_count),
    ("Từ ba tháng", lambda line: line.long_count),
    ("Mất liên lạc", lambda line: line.out_of_touch_count),
)


def table_of(report: Report) -> Table:
    """Return a report as it is printed, the total first."""
    match report:
        case AdoptionReport():
            return _table("Cài đặt và sử dụng Sổ tay", _days(report.begins_on, report.ends_on), _ADOPTION, report)
        case AttendanceReport():
            return _table("Đảng viên dự sinh hoạt", _days(report.begins_on, report.ends_on), _ATTENDANCE, report)
        case MeetingsReport():
            return _table("Nền nếp sinh hoạt chi bộ", _days(report.begins_on, report.ends_on), _MEETINGS, report)
        case AdmissionsReport():
            return _table("Phát triển đảng viên", _years(report.from_year, report.to_year), _ADMISSIONS, report)
        case RatingReport():
            return _table("Xếp loại đảng viên", f"năm {report.year}", _RATING, report)
        case AwayReport():
            return _table("Đảng viên đi làm ăn xa", f"ngày {_day(report.counted_on)}", _AWAY, report)


def _table(title: str, when: str, columns: Sequence[Column], report: Report) -> Table:
    lines: list[Line] = [report.total, *report.rows]
    rows = [[make(line) for _, make in columns] for line in lines]
    rows[0][0] = TOTAL
    return Table(
        title=title,
        about=f"{report.total.name}, {when}",
        headings=[heading for heading, _ in columns],
        rows=rows,
    )


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _days(first: date, last: date) -> str:
    return f"từ {_day(first)} đến {_day(last)}"


def _years(first: int, last: int) -> str:
    return f"năm {first}" if first == last else f"giai đoạn {first}–{last}"

"""Reports as tables in Vietnamese, for spreadsheet and paper alike: every figure of a report is in one of them."""

from collections.abc import Callable, Iterator, Sequence
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
    """Headings, and rows whose first cell is a name; the first row is the total."""

    name: str
    """Of its worksheet, so at most 31 characters."""
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printout:
    """What is printed: a title, what it is about, and tables, the chief one first."""

    title: str
    about: str
    tables: Sequence[Table]


Column = tuple[str, Callable[[Any], Cell]]
"""A heading and what stands below it; Any: of the report's own lines."""

_NAME: Column = ("Tổ chức", lambda line: line.name)
_MEMBERS: Column = ("Đảng viên", lambda line: line.member_count)
_ADMITTED: Column = ("Kết nạp", lambda line: line.admitted_count)


def _composition(heading: str, name: str) -> Column:
    # Nothing of a group too small to be broken down.
    return heading, lambda line: None if line.composition is None else getattr(line.composition, name)


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
    _MEMBERS,
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
    _ADMITTED,
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
_TERM: tuple[Column, ...] = (
    _NAME,
    ("Chỉ tiêu nhiệm kỳ", lambda line: line.term_plan),
    ("Kết nạp từ đầu nhiệm kỳ", lambda line: line.term_admitted_count),
    ("Đạt (%)", lambda line: line.percent_of_term_plan),
)
_FOUNDED: tuple[Column, ...] = (
    _NAME,
    ("Chỉ tiêu", lambda line: line.founding_plan),
    ("Thành lập mới", lambda line: line.founded_count),
    ("Đạt (%)", lambda line: line.founded_percent_of_plan),
)
_EDUCATION: tuple[Column, ...] = (
    _NAME,
    _ADMITTED,
    _composition("Đã biết trình độ", "education_known_count"),
    _composition("Từ trung học phổ thông", "upper_secondary_count"),
    _composition("Tỷ lệ (%)", "upper_secondary_percent"),
    _composition("Cao đẳng, đại học", "college_or_university_count"),
    _composition("Tỷ lệ (%)", "college_or_university_percent"),
    _composition("Thạc sĩ", "masters_count"),
    _composition("Tỷ lệ (%)", "masters_percent"),
    _composition("Tiến sĩ", "doctorate_count"),
)
_ORIGIN: tuple[Column, ...] = (
    _NAME,
    _ADMITTED,
    _composition("Đã biết dân tộc", "ethnicity_known_count"),
    _composition("Dân tộc thiểu số", "ethnic_minority_count"),
    _composition("Tỷ lệ (%)", "ethnic_minority_percent"),
    _composition("Đã biết nghề nghiệp", "occupation_known_count"),
    _composition("Nông dân", "farmers_count"),
    _composition("Tỷ lệ (%)", "farmers_percent"),
    _composition("Trong doanh nghiệp", "enterprise_count"),
    _composition("Tỷ lệ (%)", "enterprise_percent"),
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


def printout_of(report: Report) -> Printout:
    """Return a report as it is printed."""
    match report:
        case AdoptionReport():
            days = _days(report.begins_on, report.ends_on)
            when = days if report.visits_are_complete else f"{days}; lượt truy cập có thể còn thiếu"
            return _printout("Cài đặt và sử dụng Sổ tay", when, report, _chief(report, _ADOPTION), _months(report))
        case AttendanceReport():
            when = f"{_days(report.begins_on, report.ends_on)}, xếp mức theo {report.rule_set}"
            return _printout("Đảng viên dự sinh hoạt", when, report, _chief(report, _ATTENDANCE))
        case MeetingsReport():
            when = _days(report.begins_on, report.ends_on)
            return _printout("Nền nếp sinh hoạt chi bộ", when, report, _chief(report, _MEETINGS))
        case AdmissionsReport():
            when = _years(report.from_year, report.to_year)
            return _printout("Phát triển đảng viên", when, report, *_admissions(report))
        case RatingReport():
            return _printout("Xếp loại đảng viên", f"năm {report.year}", report, _chief(report, _RATING))
        case AwayReport():
            when = f"ngày {_day(report.counted_on)}"
            return _printout("Đảng viên đi làm ăn xa", when, report, _chief(report, _AWAY))


def _printout(title: str, when: str, report: Report, *tables: Table) -> Printout:
    return Printout(title=title, about=f"{report.total.name}, {when}", tables=tables)


def _chief(report: Report, columns: Sequence[Column]) -> Table:
    return _table("Báo cáo", report, columns)


def _table(name: str, report: Report, columns: Sequence[Column]) -> Table:
    lines: list[Line] = [report.total, *report.rows]
    rows = [[make(line) for _, make in columns] for line in lines]
    rows[0][0] = TOTAL
    return Table(name=name, headings=[heading for heading, _ in columns], rows=rows)


def _months(report: AdoptionReport) -> Table:
    # Whoever signed in during both months is counted in both, so the first row is no sum.
    rows: list[list[Cell]] = [[f"{of.month:%m/%Y}", of.active_count, of.visit_count] for of in report.months]
    return Table(
        name="Theo tháng",
        headings=("Tháng", "Có đăng nhập", "Lượt truy cập"),
        rows=[["Cả kỳ", report.total.active_count, report.total.visit_count], *rows],
    )


def _admissions(report: AdmissionsReport) -> Iterator[Table]:
    yield _chief(report, _ADMISSIONS)
    if report.term_from_year is not None and report.term_to_year is not None:
        yield _table(f"Nhiệm kỳ {report.term_from_year}–{report.term_to_year}", report, _TERM)
    yield _table("Tổ chức mới", report, _FOUNDED)
    yield _table("Trình độ của người kết nạp", report, _EDUCATION)
    yield _table("Dân tộc và nghề nghiệp", report, _ORIGIN)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _days(first: date, last: date) -> str:
    return f"từ {_day(first)} đến {_day(last)}"


def _years(first: int, last: int) -> str:
    return f"năm {first}" if first == last else f"giai đoạn {first}–{last}"

"""The demonstration's meetings, as a village branch holds them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from pydantic import AnyUrl

from app.demo.cast import HANOI
from app.meetings.models import MeetingKind
from app.meetings.schemas import AgendaItemWrite, MeetingCreate

BEGINS = time(19, 30)
LENGTH = timedelta(minutes=90)
USUAL_DAY = 4
DECEMBER = 12
REPORT = 3
"""The point of the agenda at which the secretary reports."""


def tomorrows_meeting(today: date, papers: Sequence[UUID] = ()) -> MeetingCreate:
    """Return tomorrow's regular meeting; the papers lie beside the secretary's report."""
    return _regular(today + timedelta(days=1), papers)


def last_months_day(today: date) -> date:
    """Return the day on which the branch met in the month before tomorrow's meeting: four weeks ago, or more."""
    return ((today + timedelta(days=1)).replace(day=1) - timedelta(days=1)).replace(day=USUAL_DAY)


def meeting_on(day: date) -> MeetingCreate:
    """Return the regular meeting of a day, without papers."""
    return _regular(day, ())


def next_months_meeting(today: date) -> MeetingCreate:
    """Return the regular meeting of the month after tomorrow's, on the 4th."""
    day = today + timedelta(days=1)
    following = date(day.year + day.month // DECEMBER, day.month % DECEMBER + 1, USUAL_DAY)
    return _regular(following, ())


def month_before(day: date) -> int:
    """Return the number of the month before a day's."""
    return (day.replace(day=1) - timedelta(days=1)).month


def _regular(day: date, papers: Sequence[UUID]) -> MeetingCreate:
    before = month_before(day)
    begins = datetime.combine(day, BEGINS)
    # 42-HD/BTCTW: open, run, close; last month's unfinished tasks are carried over; at least 90 minutes.
    points = (
        ("Ổn định tổ chức: cử thư ký, điểm danh, thông báo thu nộp đảng phí, thông qua chương trình", 10, "Bí thư"),
        ("Thông tin thời sự; phổ biến chủ trương của Đảng, chính sách, pháp luật của Nhà nước", 15, "Phó bí thư"),
        (
            f"Báo cáo kết quả tháng {before}, việc chưa xong chuyển sang; dự thảo nhiệm vụ tháng {day.month}",
            20,
            "Bí thư",
        ),
        ("Đảng viên thảo luận, góp ý; tự phê bình và phê bình", 25, None),
        ("Kết luận, giao việc cho từng đảng viên kèm thời hạn", 10, "Bí thư"),
        ("Thông qua nghị quyết, chấm điểm buổi sinh hoạt, đọc biên bản", 10, "Thư ký"),
    )
    return MeetingCreate(
        kind=MeetingKind.regular,
        title=f"Sinh hoạt chi bộ thường kỳ tháng {day.month}",
        starts_at=begins,
        ends_at=begins + LENGTH,
        time_zone=HANOI,
        place="Nhà văn hóa thôn Đông",
        online_url=AnyUrl("https://hop.example.vn/chi-bo-thon-dong"),
        agenda=[
            AgendaItemWrite(
                position=place,
                title=title,
                minutes=minutes,
                presenter=presenter,
                document_ids=list(papers) if place == REPORT else [],
            )
            for place, (title, minutes, presenter) in enumerate(points, start=1)
        ],
    )

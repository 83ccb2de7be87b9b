"""The roster as an .xlsx file to correct: one sheet to fill, one that explains."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types

from app.members.models import Member
from app.members.rosters.columns import HEADINGS, READERS, RosterColumn, escaped, written

_WIDTHS = {RosterColumn.key: 38, RosterColumn.branch: 26, RosterColumn.full_name: 28}
_WIDTH = 17
_GUIDE = (
    "Sửa các ô cần sửa ở trang “Danh sách” rồi gửi lại tệp này; xem trước từng dòng, sau đó mới xác nhận.",
    "Không sửa “Mã hồ sơ”, “Phiên bản” và “Chi bộ”; không thêm dòng tiêu đề, không đổi tên cột, không dùng công thức.",
    "Ô để trống, hoặc còn dấu *** như khi tải về, là giữ nguyên. Muốn đổi số thì ghi số mới đầy đủ.",
    "Dòng đã xóa khỏi bảng là giữ nguyên; không ai bị xóa, thêm hay chuyển chi bộ bằng bảng này.",
    "Ngày ghi theo ngày/tháng/năm. Nếu có người khác đã sửa hồ sơ sau khi tải về, dòng đó báo lỗi: hãy tải lại.",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A member and the name of their branch."""

    member: Member
    branch: str


def roster_spreadsheet(people: Sequence[Listed]) -> bytes:
    """Return the workbook; every cell is text or a day, none is ever computed. Seconds of CPU: call it in a thread."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        heading = workbook.add_format({"bold": True, "border": 1, "text_wrap": True, "bg_color": "#F4D9D0"})
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        plain = workbook.add_format({"num_format": "@"})
        sheet = workbook.add_worksheet("Danh sách")
        for place, column in enumerate(RosterColumn):
            sheet.set_column(place, place, _WIDTHS.get(column, _WIDTH), plain)
            sheet.write_string(0, place, HEADINGS[column], heading)
        for row, listed in enumerate(people, start=1):
            for place, column in enumerate(RosterColumn):
                cell = _cell(listed, column)
                if isinstance(cell, date):
                    sheet.write_datetime(row, place, cell, day)
                elif cell is not None:
                    sheet.write_string(row, place, escaped(cell), plain)
        sheet.freeze_panes(1, 4)
        guide = workbook.add_worksheet("Hướng dẫn")
        guide.set_column(0, 0, 120)
        for row, line in enumerate(_GUIDE):
            guide.write_string(row, 0, line)
    return content.getvalue()


def _cell(listed: Listed, column: RosterColumn) -> str | date | None:
    member = listed.member
    fixed = {
        RosterColumn.key: str(member.id),
        RosterColumn.record_version: str(member.version),
        RosterColumn.branch: listed.branch,
    }
    if column not in READERS:
        return fixed[column]
    value = getattr(member, column)
    return value if isinstance(value, date) else written(column, value)

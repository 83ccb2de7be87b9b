"""The spreadsheet a secretary downloads, fills in and uploads: one sheet to fill, one that explains."""

import io
from dataclasses import dataclass
from enum import Enum

import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types

from app.members.imports.headings import HEADINGS, Column
from app.members.imports.sheets import MAX_DATA_ROWS


class _Form(Enum):
    plain = "General"
    digits = "@"
    day = "dd/mm/yyyy"


@dataclass(frozen=True, slots=True)
class _Field:
    column: Column
    width: int
    form: _Form
    required: str
    how: str
    example: str

    @property
    def heading(self) -> str:
        mark = " (*)" if self.required == _REQUIRED else ""
        return HEADINGS[self.column][0] + mark


_REQUIRED = "Bắt buộc"
_EITHER = "Cần ít nhất một trong hai ngày"
_FREE = "Không bắt buộc"
_DAY = "Ngày/tháng/năm, đủ bốn chữ số của năm."

_FIELDS = (
    _Field(Column.ordinal, 6, _Form.plain, _FREE, "Số thứ tự, để tiện theo dõi; không được ghi lại.", "1"),
    _Field(Column.full_name, 28, _Form.plain, _REQUIRED, "Họ và tên khai sinh, chữ có dấu.", "Nguyễn Văn An"),
    _Field(Column.born_on, 14, _Form.day, _FREE, f"{_DAY} Nên có, để kiểm tra tuổi vào Đảng.", "03/02/1960"),
    _Field(Column.sex, 11, _Form.plain, _FREE, "“Nam” hoặc “Nữ”.", "Nam"),
    _Field(Column.card_number, 15, _Form.digits, _FREE, "Chỉ gồm chữ số, giữ cả số 0 ở đầu.", "01234567"),
    _Field(Column.admitted_on, 16, _Form.day, _EITHER, f"Ngày kết nạp (dự bị). {_DAY}", "19/05/1985"),
    _Field(
        Column.official_on,
        16,
        _Form.day,
        _EITHER,
        f"Ngày được công nhận chính thức; để trống nếu còn dự bị. {_DAY}",
        "19/05/1986",
    ),
    _Field(
        Column.phone,
        17,
        _Form.digits,
        _FREE,
        "Số di động để đăng nhập; để trống nếu không có. Số nước ngoài bắt đầu bằng dấu +.",
        "0912 345 678",
    ),
    _Field(
        Column.citizen_id,
        17,
        _Form.digits,
        _FREE,
        "Căn cước công dân 12 số, hoặc CMND cũ 9 số.",
        "001060012345",
    ),
    _Field(
        Column.education,
        20,
        _Form.plain,
        _FREE,
        "Bậc cao nhất khi vào Đảng: THCS, THPT, Trung cấp, Cao đẳng, Đại học, Thạc sĩ, Tiến sĩ.",
        "Đại học",
    ),
    _Field(
        Column.ethnicity, 14, _Form.plain, _FREE, "Tên dân tộc; chỉ ghi lại có phải dân tộc thiểu số không.", "Kinh"
    ),
    _Field(
        Column.occupation,
        22,
        _Form.plain,
        _FREE,
        "Khi vào Đảng: Nông dân; Doanh nghiệp; Cán bộ, công chức; Lực lượng vũ trang; Học sinh, sinh viên; Nghỉ hưu; "
        "Khác.",
        "Nông dân",
    ),
    _Field(Column.post_title, 20, _Form.plain, _FREE, "Chức vụ trong chi bộ, nếu có.", "Bí thư chi bộ"),
    _Field(Column.note, 30, _Form.plain, _FREE, "Điều cần ghi thêm.", ""),
)

_HEADING_ROW = 2


def roster_template() -> bytes:
    """Return an .xlsx that `read_roster` reads once filled in; the same bytes' worth of sheets every time.

    Phone, card and citizen-id columns are text, so that Excel keeps their leading zeros; dates show as
    dd/mm/yyyy. The example stands on the sheet "Hướng dẫn" only: nobody imports it by mistake.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        _write_list(workbook)
        _write_guide(workbook)
    return content.getvalue()


def _write_list(workbook: xlsxwriter.Workbook) -> None:
    sheet = workbook.add_worksheet("Danh sách")
    title = workbook.add_format({"bold": True, "font_size": 14, "align": "center", "valign": "vcenter"})
    heading = workbook.add_format(
        {
            "bold": True,
            "border": 1,
            "text_wrap": True,
            "align": "center",
            "valign": "vcenter",
            "bg_color": "#F4D9D0",
        }
    )
    forms = {form: workbook.add_format({"num_format": form.value}) for form in _Form}
    sheet.merge_range(0, 0, 0, len(_FIELDS) - 1, "DANH SÁCH ĐẢNG VIÊN CHI BỘ", title)
    sheet.set_row(_HEADING_ROW, 32)
    for index, entry in enumerate(_FIELDS):
        sheet.set_column(index, index, entry.width, forms[entry.form])
        sheet.write_string(_HEADING_ROW, index, entry.heading, heading)
        if entry.column is Column.sex:
            sheet.data_validation(
                _HEADING_ROW + 1,
                index,
                _HEADING_ROW + MAX_DATA_ROWS,
                index,
                {"validate": "list", "source": ["Nam", "Nữ"], "ignore_blank": True},
            )
    sheet.freeze_panes(_HEADING_ROW + 1, 2)


def _write_guide(workbook: xlsxwriter.Workbook) -> None:
    sheet = workbook.add_worksheet("Hướng dẫn")
    bold = workbook.add_format({"bold": True, "border": 1, "bg_color": "#F4D9D0"})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top", "border": 1})
    for index, (title, width) in enumerate((("Cột", 22), ("Bắt buộc?", 18), ("Cách điền", 60), ("Ví dụ", 18))):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, title, bold)
    for row, entry in enumerate(_FIELDS, start=1):
        for index, text in enumerate((entry.heading, entry.required, entry.how, entry.example)):
            sheet.write_string(row, index, text, wrapped)

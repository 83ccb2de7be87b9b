"""Which column holds what: the heading row of a roster, found below its titles and matched by meaning."""

import re
from dataclasses import dataclass
from enum import StrEnum

from app.members.imports.sheets import HEADER_WITHIN, MAX_COLUMNS, Cell, Grid, SheetRow, clean_text
from app.members.names import search_key


class Column(StrEnum):
    """What a roster column can hold; `family_name` and `given_name` are the two halves of a name."""

    ordinal = "ordinal"
    full_name = "full_name"
    family_name = "family_name"
    given_name = "given_name"
    born_on = "born_on"
    sex = "sex"
    male = "male"
    female = "female"
    card_number = "card_number"
    admitted_on = "admitted_on"
    official_on = "official_on"
    phone = "phone"
    citizen_id = "citizen_id"
    education = "education"
    ethnicity = "ethnicity"
    occupation = "occupation"
    post_title = "post_title"
    note = "note"


HEADINGS: dict[Column, tuple[str, ...]] = {
    Column.ordinal: ("STT", "TT", "Số TT", "Số thứ tự", "No"),
    Column.full_name: (
        "Họ và tên",
        "Họ tên",
        "Họ và tên khai sinh",
        "Họ tên khai sinh",
        "Họ và tên đảng viên",
        "Họ tên đảng viên",
        "Tên đảng viên",
        "Full name",
        "Name",
    ),
    Column.family_name: ("Họ đệm", "Họ và đệm", "Họ và tên đệm", "Họ và chữ đệm", "Họ", "Family name"),
    Column.given_name: ("Tên", "Given name"),
    Column.born_on: (
        "Ngày sinh",
        "Ngày tháng năm sinh",
        "Năm sinh",
        "Sinh ngày",
        "Ngày/tháng/năm sinh",
        "Birth date",
        "Date of birth",
        "Born on",
    ),
    Column.sex: ("Giới tính", "Nam/Nữ", "Phái", "Sex", "Gender"),
    Column.male: ("Nam", "Male"),
    Column.female: ("Nữ", "Female"),
    Column.card_number: (
        "Số thẻ đảng",
        "Số thẻ",
        "Số TĐ",
        "Số TĐV",
        "Số thẻ đảng viên",
        "Thẻ đảng",
        "Thẻ đảng viên",
        "Thẻ đảng số",
        "Số hiệu thẻ",
        "Card number",
        "Party card number",
    ),
    Column.admitted_on: (
        "Ngày vào Đảng",
        "Ngày kết nạp",
        "Ngày kết nạp Đảng",
        "Ngày vào Đảng dự bị",
        "Ngày dự bị",
        "Ngày tháng năm vào Đảng",
        "Ngày tháng năm kết nạp",
        "Ngày vào Đảng CSVN",
        "Ngày kết nạp vào Đảng",
        "Dự bị",
        "Kết nạp",
        "Vào Đảng",
        "Admitted on",
        "Admission date",
    ),
    Column.official_on: (
        "Ngày chính thức",
        "Ngày công nhận chính thức",
        "Ngày vào Đảng chính thức",
        "Ngày tháng năm chính thức",
        "Ngày công nhận đảng viên chính thức",
        "Ngày chuyển Đảng chính thức",
        "Chính thức",
        "Official on",
        "Official date",
    ),
    Column.phone: (
        "Số điện thoại",
        "SĐT",
        "Điện thoại",
        "Số ĐT",
        "ĐT",
        "Điện thoại di động",
        "Số điện thoại di động",
        "Di động",
        "Số di động",
        "Phone",
        "Phone number",
        "Mobile",
    ),
    Column.citizen_id: (
        "Số CCCD",
        "CCCD",
        "Số CMND",
        "CMND",
        "Số định danh",
        "Số định danh cá nhân",
        "Số CCCD/CMND",
        "CCCD/CMND",
        "Số CMND/CCCD",
        "CMND/CCCD",
        "Số căn cước",
        "Số căn cước công dân",
        "Căn cước công dân",
        "Căn cước",
        "CCCD số",
        "Citizen id",
        "Identity number",
    ),
    Column.education: (
        "Trình độ học vấn",
        "Trình độ",
        "Học vấn",
        "Trình độ văn hóa",
        "Trình độ chuyên môn",
        "Education",
    ),
    Column.ethnicity: ("Dân tộc", "Dân tộc thiểu số", "Người dân tộc thiểu số", "Ethnicity", "Ethnic minority"),
    Column.occupation: ("Nghề nghiệp", "Nghề nghiệp khi vào Đảng", "Thành phần", "Occupation"),
    Column.post_title: ("Chức vụ", "Chức vụ Đảng", "Chức vụ trong Đảng", "Chức danh", "Post", "Position"),
    Column.note: ("Ghi chú", "Note", "Notes", "Remarks"),
}
"""Every heading a column answers to; the first is the one the template and messages use."""

_LONGEST_HEADING = 200
_BRACKETS = re.compile(r"\([^()]*\)")


def normalise(text: str) -> str:
    """Return the words of a text for comparing: lower case, no accents, đ or punctuation, single spaces."""
    words = "".join(letter if letter.isalnum() else " " for letter in search_key(text))
    return " ".join(words.split())


_COLUMNS = {normalise(heading): column for column, headings in HEADINGS.items() for heading in headings}


def find_column(heading: str) -> Column | None:
    """Return what a heading means; remarks in brackets ("(dd/mm/yyyy)") and marks (`*`) do not count."""
    column = _COLUMNS.get(normalise(heading)) or _COLUMNS.get(_essence(heading))
    if column is Column.male and "ă" in heading.casefold():
        return None  # "Năm" is a year
    return column


def _essence(heading: str) -> str:
    return normalise(_BRACKETS.sub(" ", heading))


@dataclass(frozen=True, slots=True)
class Header:
    """The heading row (or two rows) of a grid: where each column stands and what it is called there."""

    rows_through: int
    """How many of the grid's rows, from its first, end with the headings: the data follow."""
    places: dict[Column, int]
    name_places: tuple[int, ...]
    """The cells that make the full name, joined from left to right."""
    labels: dict[int, str]
    """The headings as in the file; "Ngày vào Đảng – Dự bị" where two rows make one."""
    ignored: tuple[str, ...]

    def cell(self, row: SheetRow, column: Column) -> Cell:
        """Return the row's cell of a column; "" where the file has no such column."""
        return row.cell(self.places[column]) if column in self.places else ""

    def label(self, column: Column) -> str | None:
        """Return the column's heading as in the file; None where the file has no such column."""
        if column is Column.full_name:
            return self.labels[self.name_places[0]]
        return self.labels[self.places[column]] if column in self.places else None


def find_header(grid: Grid) -> Header | None:
    """Return the first row, or pair of rows, that names the full-name column and at least one more."""
    for index, row in enumerate(grid):
        if row.number > HEADER_WITHIN:
            break
        upper = _texts(row)
        if index + 1 < len(grid):
            header = _two_rows(upper, grid[index + 1], rows_through=index + 2)
            if header:
                return header
        header = _header([(text, find_column(text)) for text in upper], rows_through=index + 1)
        if header:
            return header
    return None


def _texts(row: SheetRow) -> list[str]:
    return [
        clean_text(cell) if isinstance(cell, str) and len(cell) <= _LONGEST_HEADING else ""
        for cell in row.cells[:MAX_COLUMNS]
    ]


def _header(headings: list[tuple[str, Column | None]], *, rows_through: int) -> Header | None:
    places: dict[Column, int] = {}
    ignored: list[str] = []
    for index, (text, column) in enumerate(headings):
        if column and column not in places:
            places[column] = index
        elif text:
            ignored.append(text)
    labels = {index: text for index, (text, _) in enumerate(headings)}
    name = places.get(Column.full_name)
    if name is not None:
        # "Họ và tên" is often merged over two columns, family and middle names | given name.
        halved = labels.get(name + 1) == ""
        name_places = [name, name + 1] if halved else [name]
    else:
        halves = (Column.family_name, Column.given_name)
        name_places = sorted(places[half] for half in halves if half in places)
    named = Column.full_name in places or Column.given_name in places
    if not named or not places.keys() - {Column.full_name, Column.family_name, Column.given_name}:
        return None
    return Header(
        rows_through=rows_through,
        places=places,
        name_places=tuple(name_places),
        labels=labels,
        ignored=tuple(ignored),
    )


def _two_rows(upper: list[str], below: SheetRow, *, rows_through: int) -> Header | None:
    """Combine a heading row with the one under it, when that one divides merged headings of the first."""
    lower = _texts(below)
    if not any(map(_is_name, upper)):
        return None  # a title over a heading row
    if not all(isinstance(cell, str) for cell in below.cells) or any(map(str.isdigit, "".join(lower))):
        return None
    width = max(len(upper), len(lower))
    upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
    headings: list[tuple[str, Column | None]] = []
    divided = False
    parent = ""
    for above, under in zip(upper, lower, strict=True):
        parent = above or parent
        if not _essence(under):
            headings.append((above, find_column(above)))
            continue
        if find_column(above) is Column.full_name and not _is_name(under):
            return None  # a name stands under the name's heading: a person, not a second heading row
        column = find_column(f"{parent} {under}") or find_column(under)
        divided = divided or (not above and column is not None)
        headings.append((f"{parent} – {under}" if parent else under, column))
    return _header(headings, rows_through=rows_through) if divided else None


def _is_name(heading: str) -> bool:
    return find_column(heading) in {Column.full_name, Column.family_name, Column.given_name}

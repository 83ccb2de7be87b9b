"""The columns of a roster that is given out to be corrected, each with its heading and how its cells are read."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from app.members.identifiers import mask_citizen_id, mask_phone
from app.members.imports import cells
from app.members.imports.headings import normalise
from app.members.imports.sheets import Cell
from app.members.imports.traits import (
    EDUCATIONS,
    MINORITY,
    OCCUPATIONS,
    is_no,
    read_education,
    read_minority,
    read_occupation,
)
from app.members.models import Sex


class RosterColumn(StrEnum):
    """What stands in a column; those that may be corrected are named as the member's fields."""

    key = "key"
    record_version = "record_version"
    branch = "branch"
    full_name = "full_name"
    born_on = "born_on"
    sex = "sex"
    card_number = "card_number"
    admitted_on = "admitted_on"
    official_on = "official_on"
    phone = "phone"
    citizen_id = "citizen_id"
    education = "education"
    is_ethnic_minority = "is_ethnic_minority"
    occupation = "occupation"


HEADINGS = {
    RosterColumn.key: "Mã hồ sơ",
    RosterColumn.record_version: "Phiên bản",
    RosterColumn.branch: "Chi bộ",
    RosterColumn.full_name: "Họ và tên",
    RosterColumn.born_on: "Ngày sinh",
    RosterColumn.sex: "Giới tính",
    RosterColumn.card_number: "Số thẻ đảng",
    RosterColumn.admitted_on: "Ngày vào Đảng",
    RosterColumn.official_on: "Ngày chính thức",
    RosterColumn.phone: "Số điện thoại",
    RosterColumn.citizen_id: "Số CCCD",
    RosterColumn.education: "Trình độ học vấn",
    RosterColumn.is_ethnic_minority: "Dân tộc thiểu số",
    RosterColumn.occupation: "Nghề nghiệp",
}
NEEDED = (RosterColumn.key, RosterColumn.record_version)
_OF_HEADING = {normalise(heading): column for column, heading in HEADINGS.items()}

Value = str | date | bool | None
"""What a field of a member holds; enumerations are strings."""

_SAID: Mapping[Value, str] = {
    True: MINORITY[True],
    False: MINORITY[False],
    Sex.male: "Nam",
    Sex.female: "Nữ",
    **{one: words[0] for one, words in EDUCATIONS.items()},
    **{one: words[0] for one, words in OCCUPATIONS.items()},
}
_MASKS = {RosterColumn.phone: mask_phone, RosterColumn.citizen_id: mask_citizen_id}
_COMPUTED = re.compile(r"[=+\-@\t\r]")


def column_of(heading: Cell) -> RosterColumn | None:
    """Return what a heading means, as it was given out."""
    return _OF_HEADING.get(normalise(heading)) if isinstance(heading, str) else None


def _minority(cell: Cell) -> bool:
    return False if is_no(cell) else read_minority(cell)


READERS: dict[RosterColumn, Callable[[Cell], Value]] = {
    RosterColumn.full_name: lambda cell: cells.read_name(cells.read_text(cell)),
    RosterColumn.born_on: cells.read_date,
    RosterColumn.sex: lambda cell: Sex(cells.read_sex(cell)),
    RosterColumn.card_number: cells.read_card_number,
    RosterColumn.admitted_on: cells.read_date,
    RosterColumn.official_on: cells.read_date,
    RosterColumn.phone: cells.read_phone,
    RosterColumn.citizen_id: cells.read_citizen_id,
    RosterColumn.education: read_education,
    RosterColumn.is_ethnic_minority: _minority,
    RosterColumn.occupation: read_occupation,
}
"""Of the columns that may be corrected; each raises `cells.CellError`."""


def written(column: RosterColumn, value: Value) -> str | None:
    """Return a value as people read it: citizen ids and telephone numbers masked, days as dd/mm/yyyy."""
    match value:
        case None:
            return None
        case date():
            return f"{value:%d/%m/%Y}"
        case bool() | StrEnum():
            return _SAID[value]
        case str():
            return _MASKS.get(column, str)(value)


def is_masked(column: RosterColumn, cell: str) -> bool:
    """Say whether a cell holds the mask of a number and not the number."""
    return column in _MASKS and "*" in cell


def escaped(text: str) -> str:
    """Return a text that no spreadsheet computes, be it saved as .csv and opened again: `=`, `+`, `-`, `@` quoted."""
    return f"'{text}" if _COMPUTED.match(text) else text


def unescaped(cell: Cell) -> Cell:
    """Return what `escaped` was given."""
    if isinstance(cell, str) and cell.startswith("'") and _COMPUTED.match(cell[1:]):
        return cell[1:]
    return cell

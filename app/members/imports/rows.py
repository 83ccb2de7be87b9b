"""Which rows of a roster list a person, and which are totals, group titles, column numbers or signatures."""

import re
from datetime import date

from app.members.imports.cells import LONGEST_TEXT, text_of
from app.members.imports.headings import Column, Header, normalise
from app.members.imports.sheets import Cell, SheetRow, clean_text, is_blank

_PERSONAL = (
    Column.born_on,
    Column.male,
    Column.female,
    Column.card_number,
    Column.admitted_on,
    Column.official_on,
    Column.phone,
    Column.citizen_id,
)
"""Columns whose figures only a person has."""

_FOOTER = re.compile(
    r"(tong so|tong cong|nguoi lap|lap bieu|lap danh sach|nguoi ghi|t m|tm|thay mat|xac nhan|noi nhan|"
    r"an dinh danh sach|danh sach (nay|gom|co)|bi thu|pho bi thu|chi uy|dang uy|chi bo|ky ten|ky ghi ro|"
    r"ky va ghi|da ky)\b|(tong|cong)( \d+.*)?$|.*\bngay \d* ?thang \d* ?nam\b"
)
_GROUP = re.compile(r"(to dang|to)( so)? \w+$|[ivx]+ to (dang|so)\b")
_COLUMN_NUMBER = re.compile(r"\(?([0-9]{1,2}|[A-Z])\)?")
_FEW = 3
_FIGURES = 4
_LEAST_FIGURE = 1_900


def name_in(row: SheetRow, header: Header) -> str:
    """Return the text of the row's name cells, "" when they are empty or hold no text."""
    found = [row.cell(place) for place in header.name_places]
    return " ".join(text for cell in found if isinstance(cell, str) and (text := clean_text(cell)))


def is_footer(row: SheetRow, header: Header) -> bool:
    """Tell whether a row is a total, a date line or a signature heading, after which no list goes on."""
    if _has_figures(row, header):
        return False
    # Beside a name, "Bí thư" is that person's post.
    near = header.name_places[0] + 1 if name_in(row, header) else len(row.cells)
    return any(isinstance(cell, str) and _FOOTER.match(normalise(cell[:LONGEST_TEXT])) for cell in row.cells[:near])


def is_person(row: SheetRow, header: Header, *, after_footer: bool) -> bool:
    """Tell whether the row lists a person, be it badly; below a footer a name alone is a signature."""
    if _has_figures(row, header):
        return True
    if after_footer or _is_column_numbers(row):
        return False
    name = name_in(row, header)
    if name:
        return not _GROUP.match(normalise(name))
    listed = set(header.places) - {Column.ordinal, Column.note}
    filled = [column for column in listed if not is_blank(header.cell(row, column))]
    # One lone text is a group's title in a merged cell; two or more are a person whose name is missing.
    return len(filled) > 1


def _has_figures(row: SheetRow, header: Header) -> bool:
    return any(_is_figure(header.cell(row, column)) for column in _PERSONAL)


def _is_figure(cell: Cell) -> bool:
    """Tell a date, or a number as long as a year, from a word, a tick or a small total."""
    if isinstance(cell, str):
        return sum(map(str.isdigit, cell)) >= _FIGURES and not _FOOTER.match(normalise(cell))
    if isinstance(cell, int | float):
        return cell >= _LEAST_FIGURE
    return isinstance(cell, date)


def _is_column_numbers(row: SheetRow) -> bool:
    """Tell the row "(1) (2) (3) …" that official forms print under the headings."""
    filled = [text_of(cell) for cell in row.cells if not is_blank(cell)]
    return len(filled) >= _FEW and all(map(_COLUMN_NUMBER.fullmatch, filled))

"""A file of organisations (.xlsx, .csv or JSON) as rows of plain text; no database needed."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kernel.i18n import Text
from app.members.imports.cells import text_of
from app.members.imports.errors import RosterTooLarge, RosterUnreadable
from app.members.imports.headings import normalise
from app.members.imports.sheets import MAX_BYTES, Cell, Grid, SheetRow, formula_cells, is_blank, read_grids
from app.reorganisations.trees.errors import (
    TreeColumnsWrong,
    TreeEmpty,
    TreeHasFormulas,
    TreeTooLarge,
    TreeUnreadable,
)

MAX_ROWS = 20_000
_NAMED = 20
"""So many rows, cells or columns are named in one sentence."""
_CODE_DIGITS = 14


class Column(StrEnum):
    code = "code"
    parent_code = "parent_code"
    name = "name"
    kind = "kind"
    time_zone = "time_zone"


HEADINGS = {
    Column.code: ("Mã tổ chức", "Mã", "Code"),
    Column.parent_code: ("Mã cấp trên", "Mã tổ chức cấp trên", "Parent code"),
    Column.name: ("Tên tổ chức", "Tên", "Name"),
    Column.kind: ("Loại", "Loại tổ chức", "Kind"),
    Column.time_zone: ("Múi giờ", "Time zone"),
}
"""Every heading a column answers to, besides its own name; the first is the one messages use."""

_NEEDED = (Column.code, Column.parent_code, Column.name, Column.kind)
_COLUMNS = {
    normalise(heading): column for column, headings in HEADINGS.items() for heading in (*headings, column.value)
}


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One organisation as the file has it; "" was not given. Rows of JSON count from 1."""

    number: int
    code: str
    parent_code: str
    name: str
    kind: str
    time_zone: str


def read_table(content: bytes, *, filename: str | None) -> tuple[TreeRow, ...]:
    """Read a file, told apart by content; its first row holds the headings, each once and none that is unknown.

    Raises TreeUnreadable, TreeTooLarge, TreeColumnsWrong, TreeHasFormulas, TreeEmpty. Up to seconds of CPU: call it in
    a thread.
    """
    if len(content) > MAX_BYTES:
        raise TreeTooLarge(detail=Text(vi="Tệp lớn hơn 20 MiB.", en="The file is larger than 20 MiB."))
    rows = _json_rows(content) if content.lstrip()[:1] in (b"[", b"{") else _sheet_rows(content, filename)
    if not rows:
        raise TreeEmpty
    return tuple(rows)


def _require_few(count: int) -> None:
    if count > MAX_ROWS:
        raise TreeTooLarge(
            detail=Text(vi=f"Danh sách quá {MAX_ROWS} dòng.", en=f"The file has more than {MAX_ROWS} rows.")
        )


def _sheet_rows(content: bytes, filename: str | None) -> list[TreeRow]:
    try:
        grids = [grid for grid in read_grids(content, filename=filename, max_rows=MAX_ROWS) if grid]
    except RosterTooLarge as problem:
        raise TreeTooLarge(detail=problem.detail) from None
    except RosterUnreadable as problem:
        raise TreeUnreadable(detail=problem.detail) from None
    cells = formula_cells(content)
    if cells:
        raise TreeHasFormulas(detail=Text(vi=f"Ở các ô {_list(cells)}.", en=f"In cells {_list(cells)}."))
    if not grids:
        raise TreeEmpty
    # Of a sheet's readings, one per delimiter or page, the one with most of the headings is meant.
    grid = max(grids, key=lambda one: sum(_column(cell) is not None for cell in one[0].cells))
    places = _places(grid[0])
    _require_few(len(grid) - 1)
    second = [row.number for row in grid[1:] if _is_header(row)]
    if second:
        raise TreeColumnsWrong(
            detail=Text(
                vi=f"Có thêm dòng tiêu đề ở dòng {_list(second)}; chỉ để một dòng.",
                en=f"There are further heading rows ({_list(second)}); keep one.",
            )
        )
    return _read(grid, places)


def _read(grid: Grid, places: dict[Column, int]) -> list[TreeRow]:
    def value(row: SheetRow, column: Column) -> str:
        cell = row.cell(places[column]) if column in places else ""
        text = text_of(cell).removeprefix("'")
        # Excel drops the zeros in front of what it takes for a number.
        is_number = isinstance(cell, int | float) and column in (Column.code, Column.parent_code)
        return text.zfill(_CODE_DIGITS) if is_number else text

    formulas = [row.number for row in grid if any(isinstance(cell, str) and cell.startswith("=") for cell in row.cells)]
    if formulas:
        raise TreeHasFormulas(detail=Text(vi=f"Ở dòng {_list(formulas)}.", en=f"In rows {_list(formulas)}."))
    return [TreeRow(number=row.number, **{column.value: value(row, column) for column in Column}) for row in grid[1:]]


def _places(header: SheetRow) -> dict[Column, int]:
    places: dict[Column, int] = {}
    wrong: list[str] = []
    for place, cell in enumerate(header.cells):
        column = _column(cell)
        if column is None or column in places:
            wrong.append(text_of(cell) or f"({place + 1})")
        else:
            places[column] = place
    _require_columns(wrong, places)
    return places


def _require_columns(wrong: list[str], found: object) -> None:
    """Refuse columns that are unknown or there twice, and a file without one that is needed."""
    missing = [HEADINGS[column][0] for column in _NEEDED if column not in found]  # type: ignore[operator]
    if wrong or missing:
        raise TreeColumnsWrong(
            detail=Text(
                vi=f"Cột lạ hoặc lặp: {_list(wrong) or '–'}. Cột thiếu: {_list(missing) or '–'}.",
                en=f"Unknown or repeated: {_list(wrong) or '–'}. Missing: {_list(missing) or '–'}.",
            )
        )


def _column(cell: Cell) -> Column | None:
    return _COLUMNS.get(normalise(cell)) if isinstance(cell, str) else None


def _is_header(row: SheetRow) -> bool:
    filled = [cell for cell in row.cells if not is_blank(cell)]
    return len(filled) > 1 and all(_column(cell) is not None for cell in filled)


def _json_rows(content: bytes) -> list[TreeRow]:
    try:
        read: Any = json.loads(content)  # Any: JSON
    except (ValueError, RecursionError):
        raise TreeUnreadable(detail=Text(vi="JSON không hợp lệ.", en="The JSON is not valid.")) from None
    if not isinstance(read, list) or not all(isinstance(item, dict) for item in read):
        raise TreeUnreadable(
            detail=Text(vi="JSON phải là một danh sách các tổ chức.", en="It must be a list of objects.")
        )
    _require_few(len(read))
    known = set(Column)
    for number, item in enumerate(read, start=1):
        _require_columns(sorted(f"{number}: {name}" for name in item if name not in known), {*item, Column.parent_code})
    return [
        TreeRow(number=number, **{column.value: _text(item.get(column.value)) for column in Column})
        for number, item in enumerate(read, start=1)
    ]


def _text(value: Any) -> str:
    # Any: JSON; what is no text is judged as the text that it is not.
    return "" if value is None else text_of(value if isinstance(value, str) else json.dumps(value))


def _list(names: list[Any]) -> str:
    # Any: words or numbers.
    more = "…" if len(names) > _NAMED else ""
    return ", ".join(str(name)[:60] for name in names[:_NAMED]) + more

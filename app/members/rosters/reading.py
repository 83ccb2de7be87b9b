"""A corrected roster's file, as rows of cells by their columns; no database needed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.kernel.i18n import Text
from app.members.imports.cells import text_of
from app.members.imports.errors import RosterEmpty, RosterTooLarge
from app.members.imports.sheets import HEADER_WITHIN, Cell, Grid, SheetRow, formula_cells, is_blank, read_grids
from app.members.rosters.columns import HEADINGS, NEEDED, RosterColumn, column_of, unescaped
from app.members.rosters.errors import RosterColumnsWrong, RosterHasFormulas

MOST_ROWS = 5_000
"""Members of a large commune or ward."""
_NAMED = 20
"""So many rows, cells or columns are named in one sentence."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """One row that was sent back; a column that the file does not have, or an empty cell, is not in `cells`."""

    number: int
    cells: Mapping[RosterColumn, Cell]


def read_corrections(content: bytes, *, filename: str | None) -> list[SentRow]:
    """Read a file with the headings that were given out, in whichever order; columns may be left out.

    Raises RosterUnreadable, RosterTooLarge, RosterEmpty, RosterColumnsWrong, RosterHasFormulas. Up to seconds of CPU:
    call it in a thread.
    """
    grids = [grid for grid in read_grids(content, filename=filename, max_rows=MOST_ROWS) if grid]
    _refuse_formulas(formula_cells(content))
    if not grids:
        raise RosterEmpty
    # Of a file's readings, one per delimiter or sheet, the one with most of the headings is meant.
    grid = max(grids, key=lambda one: _known(one[_header_place(one)]))
    place = _header_place(grid)
    places, rows = _places(grid[place]), grid[place + 1 :]
    if len(rows) > MOST_ROWS:
        raise RosterTooLarge(
            detail=Text(vi=f"Danh sách quá {MOST_ROWS} dòng.", en=f"The file has more than {MOST_ROWS} rows."),
            filename=filename,
        )
    second = [str(row.number) for row in rows if _known(row) > 1]
    if second:
        raise RosterColumnsWrong(
            detail=Text(
                vi=f"Có thêm dòng tiêu đề ở dòng {_list(second)}; chỉ để một dòng.",
                en=f"There are further heading rows ({_list(second)}); keep one.",
            )
        )
    computed = [str(row.number) for row in rows for cell in row.cells if isinstance(cell, str) and cell[:1] == "="]
    _refuse_formulas(computed)
    sent = [_sent(row, places) for row in rows]
    if not sent:
        raise RosterEmpty
    return sent


def _sent(row: SheetRow, places: Mapping[RosterColumn, int]) -> SentRow:
    cells = {column: unescaped(row.cell(place)) for column, place in places.items()}
    return SentRow(row.number, {column: cell for column, cell in cells.items() if not is_blank(cell)})


def _header_place(grid: Grid) -> int:
    return max(range(min(len(grid), HEADER_WITHIN)), key=lambda place: (_known(grid[place]), -place))


def _known(row: SheetRow) -> int:
    return sum(column_of(cell) is not None for cell in row.cells)


def _places(header: SheetRow) -> dict[RosterColumn, int]:
    places: dict[RosterColumn, int] = {}
    wrong: list[str] = []
    for place, cell in enumerate(header.cells):
        column = column_of(cell)
        if column is not None and column not in places:
            places[column] = place
        elif not is_blank(cell):
            wrong.append(text_of(cell))
    missing = [HEADINGS[column] for column in NEEDED if column not in places]
    if wrong or missing:
        raise RosterColumnsWrong(
            detail=Text(
                vi=f"Cột lạ hoặc lặp: {_list(wrong) or '–'}. Cột thiếu: {_list(missing) or '–'}.",
                en=f"Unknown or repeated: {_list(wrong) or '–'}. Missing: {_list(missing) or '–'}.",
            )
        )
    return places


def _refuse_formulas(found: Collection[str]) -> None:
    if found:
        raise RosterHasFormulas(detail=Text(vi=f"Ở {_list(found)}.", en=f"At {_list(found)}."))


def _list(words: Collection[str]) -> str:
    return ", ".join(f"“{word}”" for word in list(words)[:_NAMED])

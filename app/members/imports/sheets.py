"""A roster file's bytes, turned into plain rows of cells: .xlsx or delimited text, judged by content."""

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import islice

from python_calamine import CalamineError, CalamineWorkbook

from app.kernel.i18n import Text
from app.members.imports.errors import RosterTooLarge, RosterUnreadable

Cell = str | int | float | bool | date | time | timedelta
"""What a spreadsheet cell holds (a datetime is a date); an empty cell is ""."""

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_ENTRIES = 1_000
MAX_DATA_ROWS = 2_000
MAX_COLUMNS = 60
MOST_FORMULAS = 100
HEADER_WITHIN = 30
"""The heading row stands in the first thirty rows of its sheet."""

_MOST_CELLS = 2_000_000
"""calamine allocates the whole rectangle that holds the cells, 32 bytes each, however few there are."""

_EXCEL_ROWS = 1_048_576
_PLACE_DIGITS = 9

_ENCODINGS = ("utf-8-sig", "cp1258")
_DELIMITERS = (",", ";", "\t")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")

# A cell's or row's place in worksheet XML; a tag that closes at once holds no value and is no burden. The
# bounds keep the look-ahead linear; whatever they cannot follow counts as a cell with a value.
_PLACE = re.compile(
    rb"""\br\s*=\s*["']([A-Za-z]*)([0-9]+)["']"""
    rb"""(?!(?:[^"'<>/]|/(?!>)|"[^"]{0,40}"|'[^']{0,40}'){0,400}/>)"""
)


_FORMULA = re.compile(rb"<f[\s/>]")
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3}[0-9]{1,7})["'][^<>]*>\s*$""")
_LONGEST_CELL = 400
"""Bytes looked back from a formula for its cell's tag. Looked for from the tag on, an endless tag is read once for each
`<c` in it, while everybody else waits: Python's expressions let no other thread work."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that is not blank; `number` is the one Excel shows at its left, from 1."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, index: int) -> Cell:
        """Return the cell of a column counted from 0; "" to the right of the last one."""
        return self.cells[index] if index < len(self.cells) else ""


Grid = list[SheetRow]


def clean_text(text: str) -> str:
    """Return the text in NFC, trimmed, single spaces, without control and invisible characters."""
    kept = "".join(
        " " if kind == "Cc" else letter
        for letter in unicodedata.normalize("NFC", text)
        if (kind := unicodedata.category(letter)) not in {"Cf", "Cs"}
    )
    return " ".join(kept.split())


def is_blank(cell: Cell) -> bool:
    """Tell whether a person sees nothing in the cell."""
    return cell == "" or (isinstance(cell, str) and not clean_text(cell))


def read_grids(content: bytes, *, filename: str | None, max_rows: int = MAX_DATA_ROWS) -> Iterator[Grid]:
    """Yield each reading of the file to look for a header in: one per sheet, or one per delimiter.

    A grid stops soon after `max_rows`, late enough for the caller to see that there are more. Raises
    RosterTooLarge and RosterUnreadable, `filename` among their members. Work for a thread: large files
    take seconds of CPU.
    """
    if len(content) > MAX_BYTES:
        raise RosterTooLarge(
            detail=Text(vi="Tệp lớn hơn 20 MiB.", en="The file is larger than 20 MiB."), filename=filename
        )
    if content.startswith(b"PK"):
        yield from _workbook_grids(content, filename, max_rows)
        return
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise _unreadable(
                filename, vi="Tệp có mật khẩu; hãy bỏ mật khẩu.", en="The file has a password; remove it."
            )
        raise _unreadable(
            filename,
            vi="Đây là tệp Excel cũ (.xls); hãy lưu lại thành .xlsx.",
            en="This is an old Excel file (.xls); save it as .xlsx.",
        )
    yield from _csv_grids(_decoded(content, filename), filename, max_rows)


def formula_cells(content: bytes) -> list[str]:
    """Return the places ("B7") of the first cells that are computed: what such a cell shows need not be what it holds.

    Of a file that `read_grids` has let pass; text files have none. A cell whose place is not found is "?".
    """
    if not content.startswith(b"PK"):
        return []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = (
            archive.read(entry)
            for entry in archive.infolist()
            if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml")
        )
        return list(islice((place for sheet in sheets for place in _computed(sheet)), MOST_FORMULAS))


def _computed(sheet: bytes) -> Iterator[str]:
    for formula in _FORMULA.finditer(sheet):
        before = sheet[max(formula.start() - _LONGEST_CELL, 0) : formula.start()]
        cell = _CELL.search(before, max(before.rfind(b"<c"), 0))
        yield cell[1].decode() if cell else "?"


def _unreadable(filename: str | None, *, vi: str, en: str) -> RosterUnreadable:
    return RosterUnreadable(detail=Text(vi=vi, en=en), filename=filename)


def _decoded(content: bytes, filename: str | None) -> str:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _BINARY.search(text):
            return text
    raise _unreadable(
        filename,
        vi="Tệp không phải .xlsx và cũng không phải văn bản .csv.",
        en="The file is neither .xlsx nor .csv text.",
    )


def _csv_grids(text: str, filename: str | None, max_rows: int) -> Iterator[Grid]:
    problem: csv.Error | None = None
    for delimiter in _DELIMITERS:
        # A lone quote may swallow the file under one delimiter and be plain text under the right one.
        try:
            grid = _grid(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), max_rows)
        except csv.Error as found:
            problem = found
        else:
            yield grid
    if problem:
        raise _unreadable(
            filename,
            vi="Tệp .csv có ô quá dài; có thể thiếu một dấu ngoặc kép.",
            en="The .csv holds an overlong cell; a closing quote may be missing.",
        ) from problem


def _grid(rows: Iterable[Iterable[Cell]], max_rows: int) -> Grid:
    grid: Grid = []
    for number, row in enumerate(islice(rows, _EXCEL_ROWS), start=1):
        cells = list(row)
        while cells and is_blank(cells[-1]):
            cells.pop()
        if cells:
            grid.append(SheetRow(number=number, cells=tuple(cells)))
        if len(grid) == max_rows + HEADER_WITHIN + 2:
            break
    return grid


def _workbook_grids(content: bytes, filename: str | None, max_rows: int) -> Iterator[Grid]:
    try:
        safe = _repacked(content, filename)
        with CalamineWorkbook.from_filelike(io.BytesIO(safe)) as workbook:
            for index in range(len(workbook.sheet_names)):
                yield _grid(workbook.get_sheet_by_index(index).to_python(skip_empty_area=False), max_rows)
    # What zipfile says of a damaged, locked or exotic archive, and calamine of what it finds in one.
    except (
        CalamineError,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,  # zipfile raises its NotImplemented kind for exotic compression
        OSError,
        ValueError,
        EOFError,
    ) as problem:
        raise _unreadable(
            filename,
            vi="Tệp không phải bảng tính .xlsx, đã hỏng hoặc có mật khẩu.",
            en="The file is no .xlsx workbook, is damaged, or has a password.",
        ) from problem


def _repacked(content: bytes, filename: str | None) -> bytes:
    """Copy the XML parts into a fresh archive, so that calamine sees exactly the bytes counted here.

    Handing over the archive itself would trust its directory twice: two unzippers may disagree on it.
    """
    fresh = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(fresh, "w") as copy:
        entries = {entry.filename.replace("\\", "/"): entry for entry in archive.infolist()}
        # All of them, also those that have one name: whoever reads the archive later may come upon each.
        everything = archive.infolist()
        if len(everything) > MAX_ENTRIES or sum(entry.file_size for entry in everything) > MAX_UNPACKED:
            raise RosterTooLarge(
                detail=Text(
                    vi="Tệp giải nén quá 100 MiB hoặc quá 1.000 phần.",
                    en="Unpacked, the file passes 100 MiB or 1,000 parts.",
                ),
                filename=filename,
            )
        # calamine guesses the format by itself: an .ods or .xlsb must not get that far.
        if "[Content_Types].xml" not in entries or "content.xml" in entries:
            raise zipfile.BadZipFile
        for name, entry in entries.items():
            if name.lower().endswith((".xml", ".rels")):
                part = archive.read(entry)
                if b"\0" in part:  # UTF-16, which the search below would not see through
                    raise zipfile.BadZipFile
                if b"sheetData" in part:
                    _require_small_area(part, filename)
                copy.writestr(name, part)
    return fresh.getvalue()


def _require_small_area(sheet: bytes, filename: str | None) -> None:
    lowest = rightmost = 1
    for places, place in enumerate(_PLACE.finditer(sheet), start=1):
        letters, digits = place.groups()
        lowest = max(lowest, int(digits) if len(digits) <= _PLACE_DIGITS else _MOST_CELLS + 1)
        rightmost = max(rightmost, _column_number(letters[:5]))
        if max(places, lowest * rightmost) > _MOST_CELLS:
            raise RosterTooLarge(
                detail=Text(
                    vi="Có quá nhiều ô, hoặc có ô nằm quá xa; hãy xóa các ô thừa ở cuối và bên phải.",
                    en="Too many cells, or one lies too far out; delete stray cells below and on the right.",
                ),
                filename=filename,
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number

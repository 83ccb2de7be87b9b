"""Roster files for the tests, made the way branches make them."""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date

import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types

Value = str | int | float | bool | date | None
Merge = tuple[int, int, int, int, str]

HEADINGS = (
    "STT",
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Số thẻ đảng",
    "Ngày vào Đảng",
    "Ngày chính thức",
    "Số điện thoại",
    "Số CCCD",
    "Chức vụ",
    "Ghi chú",
)


def person(**changes: Value) -> list[Value]:
    """Return a faultless row under `HEADINGS`, with some cells changed."""
    cells: dict[str, Value] = {
        "stt": 1,
        "name": "Nguyễn Văn An",
        "born": date(1960, 2, 3),
        "sex": "Nam",
        "card": "01234567",
        "admitted": date(1985, 5, 19),
        "official": date(1986, 5, 19),
        "phone": "0912 345 678",
        "citizen": "036060012345",
        "post": "Bí thư",
        "note": None,
    }
    assert not changes.keys() - cells.keys()
    return list((cells | changes).values())


def workbook(
    *sheets: Sequence[Sequence[Value]], merges: Sequence[Merge] = (), offset: tuple[int, int] = (0, 0)
) -> bytes:
    """Return an .xlsx with these sheets; merges are those of the first."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for index, rows in enumerate(sheets):
            sheet = book.add_worksheet()
            for r, row in enumerate(rows, start=offset[0]):
                for c, value in enumerate(row, start=offset[1]):
                    if isinstance(value, date):
                        sheet.write_datetime(r, c, value, day)
                    elif isinstance(value, str):
                        sheet.write_string(r, c, value)
                    elif value is not None:
                        sheet.write(r, c, value)
            for first_row, first_column, last_row, last_column, text in merges if index == 0 else ():
                sheet.merge_range(first_row, first_column, last_row, last_column, text)
    return content.getvalue()


def delimited(rows: Sequence[Sequence[Value]], *, delimiter: str = ",") -> str:
    """Return the rows as a .csv text with dd/mm/yyyy dates."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(
        [f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell for cell in row] for row in rows
    )
    return text.getvalue()


def rezipped(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return the archive with every part passed through `change(name, part)`."""
    fresh = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return fresh.getvalue()

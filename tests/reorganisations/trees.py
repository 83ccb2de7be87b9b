"""Files of organisations for the tests."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types

HEADINGS = ("Mã tổ chức", "Mã cấp trên", "Tên tổ chức", "Loại")
ROWS = (
    ("37003000000000", "", "Đảng bộ xã Yên Từ", "Xã"),
    ("37003001000000", "37003000000000", "Đảng bộ cơ sở Nông trường", "Cơ sở"),
    ("37003001000001", "37003001000000", "Chi bộ Một", "Chi bộ"),
    ("37003000000002", "37003000000000", "Chi bộ Hai", "branch"),
)
"""A commune with a grassroots organisation and two branches."""

Cells = Sequence[Sequence[object]]


def as_csv(rows: Cells, *, headings: Sequence[str] = HEADINGS) -> bytes:
    """Return the rows below their headings as a program in Việt Nam writes them: with semicolons."""
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([headings, *rows])
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Cells, *, headings: Sequence[str] = HEADINGS, formulas: Sequence[str] = ()) -> bytes:
    """Return the rows below their headings as a workbook, with a formula in each of the cells that are named."""
    written = io.BytesIO()
    workbook = xlsxwriter.Workbook(written, {"in_memory": True})
    sheet = workbook.add_worksheet()
    for number, row in enumerate([headings, *rows]):
        sheet.write_row(number, 0, row)
    for place in formulas:
        sheet.write_formula(place, '="Chi bộ "&1')
    workbook.close()
    return written.getvalue()


def as_json(rows: Cells) -> bytes:
    """Return the rows as a list of objects."""
    names = ("code", "parent_code", "name", "kind", "time_zone")
    made: list[dict[str, Any]] = [dict(zip(names, row, strict=False)) for row in rows]
    return json.dumps(made).encode()


def a_country(*, provinces: int, communes: int) -> list[tuple[str, str, str, str]]:
    """Return provinces, with so many communes shared out among them, below nothing."""
    rows = [(f"{10 + n:02}" + "0" * 12, "", f"Đảng bộ tỉnh {n}", "Tỉnh") for n in range(provinces)]
    for number in range(communes):
        above = rows[number % provinces][0]
        code = above[:2] + f"{number // provinces + 1:03}" + "0" * 9
        rows.append((code, above, f"Đảng bộ xã {number}", "Xã"))
    return rows

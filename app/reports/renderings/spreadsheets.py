"""A report's tables as an .xlsx file, a worksheet each."""

import io

import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types

from app.reports.renderings.tables import Printout

_HEADING_ROW = 3
_NAME_WIDTH, _WIDTH = 34, 14


def spreadsheet_of(printout: Printout) -> bytes:
    """Return the workbook. Names are written as text, so that none of them is ever computed as a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        bold = workbook.add_format({"bold": True, "font_size": 14})
        heading = workbook.add_format({"bold": True, "text_wrap": True, "border": 1, "align": "center"})
        framed = workbook.add_format({"border": 1})
        total = workbook.add_format({"border": 1, "bold": True})
        for table in printout.tables:
            sheet = workbook.add_worksheet(table.name)
            sheet.set_column(0, 0, _NAME_WIDTH)
            sheet.set_column(1, len(table.headings), _WIDTH)
            sheet.write_string(0, 0, printout.title, bold)
            sheet.write_string(1, 0, printout.about)
            for column, text in enumerate(table.headings):
                sheet.write_string(_HEADING_ROW, column, text, heading)
            for row, cells in enumerate(table.rows, start=_HEADING_ROW + 1):
                form = total if row == _HEADING_ROW + 1 else framed
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(row, column, cell, form)
                    elif cell is None:
                        sheet.write_blank(row, column, None, form)
                    else:
                        sheet.write_number(row, column, cell, form)
            sheet.freeze_panes(_HEADING_ROW + 1, 1)
    return file.getvalue()

"""A report's tables on paper, with figures as Vietnamese papers print them."""

from datetime import date
from pathlib import Path

from app.kernel.typesetting import Templates
from app.reports.percentages import written
from app.reports.renderings.tables import Cell, Printout

_TEMPLATES = Templates(Path(__file__).parent)


def paper_of(printout: Printout, *, on: date) -> str:
    """Return the tables as HTML to be typeset; every value in them is escaped."""
    rows = [[[_printed(cell) for cell in row] for row in table.rows] for table in printout.tables]
    tables = list(zip(printout.tables, rows, strict=True))
    return _TEMPLATES.fill("report.html.jinja", {"printout": printout, "tables": tables, "day": f"{on:%d/%m/%Y}"})


def _printed(cell: Cell) -> str:
    if cell is None or isinstance(cell, float):
        return written(cell)
    return cell if isinstance(cell, str) else f"{cell:,}".replace(",", ".")

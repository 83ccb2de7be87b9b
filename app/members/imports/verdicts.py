"""What reading a roster gives: the rows to import, and for each row what the person should know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from app.kernel.i18n import Text
from app.members.imports.cells import Sex
from app.members.models import Education, Occupation


class Severity(StrEnum):
    error = "error"
    warning = "warning"


class RowStatus(StrEnum):
    ok = "ok"
    warning = "warning"
    error = "error"


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One member as the branch listed them; a None was not given."""

    row_number: int
    """As Excel shows it at the left of the sheet, from 1."""
    full_name: str
    born_on: date | None
    sex: Sex | None
    card_number: str | None
    admitted_on: date | None
    official_on: date | None
    phone: str | None
    """E.164, `+84912345678`."""
    citizen_id: str | None
    """12 digits, or 9 for an old identity card."""
    education: Education | None
    is_ethnic_minority: bool | None
    occupation: Occupation | None
    post_title: str | None
    note: str | None

    @property
    def standing(self) -> Literal["official", "probationary"]:
        """Official once the official date is there (never in the future), else probationary."""
        return "official" if self.official_on else "probationary"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one row, or one cell of it; `column` is the heading as in the file."""

    row_number: int
    column: str | None
    severity: Severity
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """Everything found about one data row; `full_name` is "" when there is none."""

    row_number: int
    full_name: str
    status: RowStatus
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """A file that was read; import it only when no verdict is an error (all or nothing)."""

    rows: tuple[RosterRow, ...]
    """Only those without errors, in the file's order."""
    verdicts: tuple[RowVerdict, ...]
    """One per data row, in the file's order."""
    ignored_columns: tuple[str, ...]
    """Headings that mean nothing here, as in the file."""
    skipped: tuple[Finding, ...] = ()
    """Rows taken for totals, group titles, signatures or column numbers: shown, so that nobody is lost."""


def status_of(findings: Iterable[Finding]) -> RowStatus:
    """Return the worst of the findings; ok when there are none."""
    severities = {finding.severity for finding in findings}
    if Severity.error in severities:
        return RowStatus.error
    return RowStatus.warning if severities else RowStatus.ok

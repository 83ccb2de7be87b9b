"""A branch's roster as its secretary keeps it: file in, people and verdicts out, no database needed."""

from collections import defaultdict
from datetime import date

from app.kernel.i18n import Text
from app.members.imports.cells import LONGEST_NAME, text_of
from app.members.imports.errors import RosterEmpty, RosterHeaderMissing, RosterTooLarge
from app.members.imports.headings import HEADINGS, Column, Header, find_header
from app.members.imports.people import AdmissionRules, Person, read_person
from app.members.imports.rows import is_footer, is_person
from app.members.imports.sheets import MAX_COLUMNS, MAX_DATA_ROWS, Grid, SheetRow, is_blank, read_grids
from app.members.imports.verdicts import (
    Finding,
    Roster,
    RosterRow,
    RowStatus,
    RowVerdict,
    Severity,
    status_of,
)

__all__ = [
    "AdmissionRules",
    "Finding",
    "Roster",
    "RosterRow",
    "RowStatus",
    "RowVerdict",
    "Severity",
    "read_roster",
]

_RULES = AdmissionRules()

_LOOKED_FOR = (
    Column.full_name,
    Column.born_on,
    Column.sex,
    Column.card_number,
    Column.admitted_on,
    Column.official_on,
    Column.phone,
    Column.citizen_id,
    Column.post_title,
    Column.note,
)


def read_roster(content: bytes, *, filename: str | None, today: date, rules: AdmissionRules = _RULES) -> Roster:
    """Read an .xlsx or delimited text, told apart by content, into people and one verdict per data row.

    The first sheet with a recognisable heading row counts. Dates after `today` are errors. `filename` only
    names the file in refusals: RosterUnreadable, RosterTooLarge, RosterHeaderMissing, RosterEmpty. Up to
    seconds of CPU: call it in a thread.
    """
    for grid in read_grids(content, filename=filename):
        header = find_header(grid)
        if header:
            return _read_grid(grid, header, filename=filename, today=today, rules=rules)
    vi = ", ".join(f"“{HEADINGS[column][0]}”" for column in _LOOKED_FOR)
    raise RosterHeaderMissing(
        detail=Text(
            vi=f"Cần cột “Họ và tên” và ít nhất một cột khác trong 30 dòng đầu. Các tiêu đề được tìm: {vi}.",
            en="A column “Họ và tên” (full name) and at least one more are needed in the first 30 rows. "
            f"Headings looked for: {vi}.",
        ),
        filename=filename,
    )


def _read_grid(grid: Grid, header: Header, *, filename: str | None, today: date, rules: AdmissionRules) -> Roster:
    lines = grid[header.rows_through :]
    if len(lines) > MAX_DATA_ROWS or any(len(row.cells) > MAX_COLUMNS for row in grid):
        raise RosterTooLarge(
            detail=Text(
                vi=f"Danh sách quá {MAX_DATA_ROWS} dòng hoặc quá {MAX_COLUMNS} cột.",
                en=f"The roster has more than {MAX_DATA_ROWS} rows or {MAX_COLUMNS} columns.",
            ),
            filename=filename,
        )
    people: list[Person] = []
    skipped: list[Finding] = []
    after_footer = False
    for row in lines:
        if is_footer(row, header):
            after_footer = True
            skipped.append(_skipped(row))
        elif is_person(row, header, after_footer=after_footer):
            people.append(read_person(row, header, today=today, rules=rules))
        else:
            skipped.append(_skipped(row))
    if not people:
        raise RosterEmpty(
            detail=Text(
                vi="Có dòng tiêu đề nhưng bên dưới không có ai.",
                en="There is a heading row, but nobody below it.",
            ),
            filename=filename,
        )
    _find_repeats(people, header)
    verdicts = tuple(
        RowVerdict(
            row_number=person.row.row_number,
            full_name=person.row.full_name,
            status=status_of(person.findings),
            findings=tuple(person.findings),
        )
        for person in people
    )
    return Roster(
        rows=tuple(
            person.row
            for person, verdict in zip(people, verdicts, strict=True)
            if verdict.status is not RowStatus.error
        ),
        verdicts=verdicts,
        ignored_columns=header.ignored,
        skipped=tuple(skipped),
    )


def _skipped(row: SheetRow) -> Finding:
    seen = " ".join(text_of(cell) for cell in row.cells if not is_blank(cell))[:LONGEST_NAME]
    return Finding(
        row_number=row.number,
        column=None,
        severity=Severity.warning,
        code="not_a_person",
        text=Text(vi=f"Bỏ qua dòng không phải đảng viên: {seen}", en=f"Skipped, not a member: {seen}"),
    )


def _find_repeats(people: list[Person], header: Header) -> None:
    """Add an error to every row that shares an identifier with others, naming their rows."""
    for column, code in (
        (Column.card_number, "card_number_repeated"),
        (Column.phone, "phone_repeated"),
        (Column.citizen_id, "citizen_id_repeated"),
    ):
        sharing: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            value: str | None = getattr(person.row, column)
            if value:
                sharing[value].append(person)
        for group in sharing.values():
            for person in group if len(group) > 1 else ():
                others = ", ".join(str(other.row.row_number) for other in group if other is not person)
                person.findings.append(
                    Finding(
                        row_number=person.row.row_number,
                        column=header.label(column),
                        severity=Severity.error,
                        code=code,
                        text=Text(vi=f"Trùng trong tệp với dòng {others}.", en=f"The same as in row {others}."),
                    )
                )

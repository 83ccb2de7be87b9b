"""One person of a roster: the cells read one by one, then held against each other and the rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from app.kernel.i18n import Text
from app.members.imports import cells, traits
from app.members.imports.headings import Column, Header
from app.members.imports.rows import name_in
from app.members.imports.sheets import Cell, SheetRow
from app.members.imports.verdicts import Finding, RosterRow, Severity

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AdmissionRules:
    """The thresholds of the rule set in force (domain rule 10); the defaults are those of 2026."""

    youngest_years: int = 18
    oldest_years: int = 60
    probation_months: int = 12


@dataclass(slots=True)
class Person:
    """A row as far as it could be read, and what was found while reading it."""

    row: RosterRow
    findings: list[Finding]


def read_person(row: SheetRow, header: Header, *, today: date, rules: AdmissionRules) -> Person:
    """Read every cell of a person's row; what could not be read is None in it and an error finding."""
    reader = _Reader(row, header)
    full_name = reader.name()
    sex, born_on, born_column = _sex_and_birth(reader)
    person = RosterRow(
        row_number=row.number,
        full_name=full_name,
        born_on=born_on,
        sex=sex,
        card_number=reader.take(Column.card_number, cells.read_card_number),
        admitted_on=reader.take(Column.admitted_on, cells.read_date),
        official_on=reader.take(Column.official_on, cells.read_date),
        phone=reader.take(Column.phone, cells.read_phone),
        citizen_id=reader.take(Column.citizen_id, cells.read_citizen_id),
        education=reader.take(Column.education, traits.read_education),
        is_ethnic_minority=_ethnicity(reader),
        occupation=reader.take(Column.occupation, traits.read_occupation),
        post_title=reader.take(Column.post_title, cells.read_text),
        note=reader.take(Column.note, cells.read_text),
    )
    if person.card_number and not cells.is_usual_card_number(person.card_number):
        reader.warn(
            Column.card_number,
            "card_number_unusual",
            vi="Số thẻ đảng thường có 8 chữ số; Excel có thể đã bỏ số 0 ở đầu.",
            en="A party card number usually has 8 digits; Excel may have dropped leading zeros.",
        )
    for column, day in (
        (born_column, born_on),
        (Column.admitted_on, person.admitted_on),
        (Column.official_on, person.official_on),
    ):
        if day and day > today:
            reader.refuse(column, "date_in_future", vi="Ngày ở tương lai.", en="The date lies in the future.")
    _check_admission(reader, person, rules)
    _check_standing(reader, person, rules, today)
    return Person(row=person, findings=reader.findings)


@dataclass(slots=True)
class _Reader:
    """A row's cells by column, and the findings as they come."""

    row: SheetRow
    header: Header
    findings: list[Finding] = field(default_factory=list)

    def cell(self, column: Column) -> Cell:
        return self.header.cell(self.row, column)

    def refuse(self, column: Column, code: str, *, vi: str, en: str) -> None:
        self._find(column, Severity.error, code, Text(vi=vi, en=en))

    def warn(self, column: Column, code: str, *, vi: str, en: str) -> None:
        self._find(column, Severity.warning, code, Text(vi=vi, en=en))

    def take(self, column: Column, read: Callable[[Cell], T]) -> T | None:
        if cells.is_nothing(self.cell(column)):
            return None
        try:
            return read(self.cell(column))
        except cells.CellError as problem:
            self._find(column, Severity.error, problem.code, problem.text)
            return None

    def name(self) -> str:
        name = name_in(self.row, self.header)
        if not name:
            self.refuse(Column.full_name, "name_missing", vi="Thiếu họ và tên.", en="The full name is missing.")
            return ""
        try:
            return cells.read_name(name)
        except cells.CellError as problem:
            self._find(Column.full_name, Severity.error, problem.code, problem.text)
            return name[: cells.LONGEST_NAME]

    def _find(self, column: Column, severity: Severity, code: str, text: Text) -> None:
        self.findings.append(Finding(self.row.number, self.header.label(column), severity, code, text))


def _sex_and_birth(reader: _Reader) -> tuple[cells.Sex | None, date | None, Column]:
    """Read both at once: in official lists the birth date stands under "Nam" or under "Nữ"."""
    refused = len(reader.findings)
    born_on, born_column = reader.take(Column.born_on, cells.read_date), Column.born_on
    marked: list[cells.Sex] = []
    halves: tuple[tuple[Column, cells.Sex], ...] = ((Column.male, "male"), (Column.female, "female"))
    for column, sex in halves:
        cell = reader.cell(column)
        if cells.is_mark(cell) or cells.is_sex(cell):
            marked.append(sex)
        elif not cells.is_nothing(cell):
            marked.append(sex)
            day = reader.take(column, cells.read_date)
            if born_on is None and day:
                born_on, born_column = day, column
    if born_on is None and len(reader.findings) == refused:
        reader.warn(Column.born_on, "birth_date_missing", vi="Thiếu ngày sinh.", en="No birth date.")
    return _sex(reader, marked), born_on, born_column


def _sex(reader: _Reader, marked: list[cells.Sex]) -> cells.Sex | None:
    if len(marked) > 1:
        reader.refuse(
            Column.female,
            "sex_twice",
            vi="Cả cột nam và cột nữ đều được đánh dấu.",
            en="Both the male and the female column are marked.",
        )
        return None
    if marked:
        return marked[0]
    places = reader.header.places
    if Column.female in places and Column.male not in places and Column.sex not in places:
        return "male"  # a list with a column "Nữ" alone ticks the women only
    if cells.is_mark(reader.cell(Column.sex)):
        reader.warn(Column.sex, "sex_unclear", vi="Không rõ nam hay nữ.", en="It is not clear which sex is meant.")
        return None
    return reader.take(Column.sex, cells.read_sex)


def _ethnicity(reader: _Reader) -> bool | None:
    """Read whether it is a minority's: here "Không" is an answer, where other columns have nothing to say."""
    cell = reader.cell(Column.ethnicity)
    if isinstance(cell, str) and traits.is_no(cell):
        return False
    return reader.take(Column.ethnicity, traits.read_minority)


def _check_admission(reader: _Reader, person: RosterRow, rules: AdmissionRules) -> None:
    born_on, admitted_on = person.born_on, person.admitted_on
    if not born_on or not admitted_on:
        return
    age_months = _full_months(born_on, admitted_on)
    if age_months < rules.youngest_years * 12:
        reader.refuse(
            Column.admitted_on,
            "admitted_too_young",
            vi=f"Khi vào Đảng chưa đủ {rules.youngest_years} tuổi.",
            en=f"Admitted before the age of {rules.youngest_years}.",
        )
    elif age_months > rules.oldest_years * 12:
        reader.warn(
            Column.admitted_on,
            "admitted_late",
            vi=f"Khi vào Đảng đã quá {rules.oldest_years} tuổi.",
            en=f"Admitted after the age of {rules.oldest_years}.",
        )


def _check_standing(reader: _Reader, person: RosterRow, rules: AdmissionRules, today: date) -> None:
    admitted_on, official_on = person.admitted_on, person.official_on
    given = [column for column in (Column.admitted_on, Column.official_on) if not cells.is_nothing(reader.cell(column))]
    if not given:
        reader.refuse(
            Column.admitted_on,
            "admission_and_official_dates_missing",
            vi="Thiếu cả ngày vào Đảng và ngày chính thức nên không biết là đảng viên dự bị hay chính thức.",
            en="Neither an admission date nor an official date: probationary or official cannot be told.",
        )
    elif Column.admitted_on not in given:
        reader.warn(Column.official_on, "admission_date_missing", vi="Thiếu ngày vào Đảng.", en="No admission date.")
    elif admitted_on and official_on and official_on < admitted_on:
        reader.refuse(
            Column.official_on,
            "official_before_admission",
            vi="Ngày chính thức trước ngày vào Đảng.",
            en="The official date lies before the admission.",
        )
    elif admitted_on and Column.official_on not in given and _full_months(admitted_on, today) > rules.probation_months:
        reader.warn(
            Column.admitted_on,
            "probation_over",
            vi=f"Vào Đảng đã quá {rules.probation_months} tháng mà chưa có ngày chính thức: sẽ ghi là đảng viên dự bị.",
            en=f"Admitted more than {rules.probation_months} months ago without an official date: "
            "will be recorded as probationary.",
        )


def _full_months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)

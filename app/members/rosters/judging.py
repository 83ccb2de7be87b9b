"""What a corrected row would change of a member's record, and what is wrong with it."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.kernel.i18n import Text
from app.members.admission import find_contradictions
from app.members.imports.cells import CellError, text_of
from app.members.imports.sheets import Cell
from app.members.imports.verdicts import Finding, Severity
from app.members.rosters.columns import HEADINGS, READERS, RosterColumn, Value, is_masked, written
from app.members.rosters.reading import SentRow
from app.members.rosters.spreadsheet import Listed

_DATES = (RosterColumn.born_on, RosterColumn.admitted_on, RosterColumn.official_on)
MEMBERSHIP_DATES = frozenset({RosterColumn.admitted_on, RosterColumn.official_on})
NUMBERS = (RosterColumn.card_number, RosterColumn.citizen_id, RosterColumn.phone)
"""What no two members share."""

_UNKNOWN = Text(
    vi="Không có đảng viên mang mã này trong danh sách; có thể đã chuyển đi.",
    en="Nobody on the list has this key; they may have moved.",
)
_TWICE = Text(vi="Mã này có ở nhiều dòng.", en="Several rows have this key.")
_MEANWHILE = Text(
    vi="Hồ sơ đã được sửa sau khi tải bảng về; hãy tải lại.",
    en="The record was changed since the spreadsheet was given out; take a new one.",
)
_MASK = Text(
    vi="Số còn dấu * nhưng không phải số đã che khi tải về; hãy ghi đủ số mới.",
    en="A masked number, and not the one that was given out; write the new one in full.",
)
_BRANCH = Text(vi="Không chuyển chi bộ bằng bảng này.", en="Nobody is moved to another branch by this spreadsheet.")
_FIXED = Text(
    vi="Đã chuyển hoặc từng sinh hoạt nơi khác: không sửa được ngày vào Đảng, ngày chính thức.",
    en="Was a member elsewhere: admission and official dates can no longer be corrected.",
)
_TAKEN = Text(vi="Số này đã có trong hệ thống.", en="This number is on record already.")
_REPEATED = Text(vi="Số này có ở nhiều dòng.", en="Several rows have this number.")


class CorrectionVerdict(StrEnum):
    """What becomes of a row."""

    unchanged = "unchanged"
    changed = "changed"
    error = "error"


@dataclass(slots=True)
class JudgedRow:
    """A row with the member it is about, what is wanted of them, and what stops it."""

    number: int
    listed: Listed | None
    wanted: dict[RosterColumn, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> CorrectionVerdict:
        """Say what becomes of it."""
        if self.findings:
            return CorrectionVerdict.error
        return CorrectionVerdict.changed if self.wanted else CorrectionVerdict.unchanged

    def refuse(self, column: RosterColumn, code: str, text: Text) -> None:
        """Keep what is wrong with a cell."""
        self.findings.append(Finding(self.number, HEADINGS[column], Severity.error, code, text))


def key_of(row: SentRow) -> UUID | None:
    """Return whom a row is about; None where its key is none."""
    try:
        return UUID(text_of(row.cells.get(RosterColumn.key, "")))
    except ValueError:
        return None


def judge_rows(
    rows: Sequence[SentRow], people: Mapping[UUID, Listed], *, fixed: Collection[UUID], today: date
) -> list[JudgedRow]:
    """Judge each row against the record as it is; `fixed` are members whose admission dates stay."""
    keys = Counter(key_of(row) for row in rows)
    judged = []
    for row in rows:
        key = key_of(row)
        one = JudgedRow(row.number, people.get(key) if key is not None else None)
        if one.listed is None:
            one.refuse(RosterColumn.key, "member_unknown", _UNKNOWN)
        elif keys[key] > 1:
            one.refuse(RosterColumn.key, "member_repeated", _TWICE)
        else:
            _compare(one, one.listed, row, is_fixed=key in fixed, today=today)
        judged.append(one)
    _find_repeats(judged)
    return judged


def refuse_taken(judged: Sequence[JudgedRow], holders: Mapping[tuple[RosterColumn, str], UUID]) -> None:
    """Refuse the numbers that somebody else has; whose they are is not told."""
    for one in judged:
        for column in NUMBERS:
            holder = holders.get((column, str(one.wanted.get(column))))
            if holder is not None and one.listed is not None and holder != one.listed.member.id:
                one.refuse(column, f"{column}_taken", _TAKEN)


def digest_of(judged: Sequence[JudgedRow]) -> str:
    """Return what names all that would be changed, each record in the version that it has."""
    changes = sorted(
        [str(one.listed.member.id), one.listed.member.version, {key: str(value) for key, value in one.wanted.items()}]
        for one in judged
        if one.listed is not None and one.wanted
    )
    return hashlib.sha256(json.dumps(changes, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _compare(one: JudgedRow, listed: Listed, row: SentRow, *, is_fixed: bool, today: date) -> None:
    member = listed.member
    for column in READERS:
        _read_cell(one, column, row.cells.get(column, ""), getattr(member, column))
    branch = row.cells.get(RosterColumn.branch)
    if branch is not None and text_of(branch) != text_of(listed.branch):
        one.refuse(RosterColumn.branch, "branch_differs", _BRANCH)
    if one.wanted and text_of(row.cells.get(RosterColumn.record_version, "")) != str(member.version):
        one.refuse(RosterColumn.record_version, "changed_meanwhile", _MEANWHILE)
    if not one.wanted.keys().isdisjoint(_DATES):
        _check_dates(one, listed, today=today)
    if is_fixed and not one.wanted.keys().isdisjoint(MEMBERSHIP_DATES):
        one.refuse(RosterColumn.admitted_on, "membership_dates_fixed", _FIXED)


def _read_cell(one: JudgedRow, column: RosterColumn, cell: Cell, value: Value) -> None:
    """Keep what a cell wants otherwise than it is; an empty one wants nothing."""
    if cell == "" or text_of(cell) == written(column, value):
        return
    if is_masked(column, text_of(cell)):
        one.refuse(column, "number_masked", _MASK)
        return
    try:
        wanted = READERS[column](cell)
    except CellError as problem:
        one.refuse(column, problem.code, problem.text)
        return
    if wanted != value:
        one.wanted[column] = wanted


def _check_dates(one: JudgedRow, listed: Listed, *, today: date) -> None:
    days = {column: one.wanted.get(column, getattr(listed.member, column)) for column in _DATES}
    born_on, admitted_on, official_on = (day if isinstance(day, date) else None for day in days.values())
    for problem in find_contradictions(born_on=born_on, admitted_on=admitted_on, official_on=official_on, today=today):
        one.refuse(RosterColumn(problem.pointer.removeprefix("/")), problem.code, problem.detail)


def _find_repeats(judged: Sequence[JudgedRow]) -> None:
    for column in NUMBERS:
        counts = Counter(one.wanted[column] for one in judged if column in one.wanted)
        for one in judged:
            if column in one.wanted and counts[one.wanted[column]] > 1:
                one.refuse(column, f"{column}_repeated", _REPEATED)

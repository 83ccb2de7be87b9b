"""A table of organisations turned into a tree: each row judged, parents before children; no database needed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.kernel.i18n import Text
from app.kernel.timezones import TimeZone
from app.members.imports.headings import normalise
from app.organisations.codes import stands_below
from app.organisations.models import OrganisationKind
from app.reorganisations.trees.tables import TreeRow

LONGEST_NAME = 200
_KINDS = {
    OrganisationKind.central: ("Trung ương",),
    OrganisationKind.province: ("Tỉnh", "Thành phố", "Đảng bộ tỉnh", "Đảng bộ thành phố"),
    OrganisationKind.commune: ("Xã", "Phường", "Đặc khu", "Đảng bộ xã", "Đảng bộ phường", "Đảng bộ đặc khu"),
    OrganisationKind.grassroots: ("Cơ sở", "Tổ chức cơ sở đảng", "Đảng bộ cơ sở"),
    OrganisationKind.committee: ("Bộ phận", "Đảng bộ bộ phận"),
    OrganisationKind.branch: ("Chi bộ",),
    OrganisationKind.group: ("Tổ đảng",),
}
_KIND_OF = {normalise(word): kind for kind, words in _KINDS.items() for word in (*words, kind.value)}
_ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)


@dataclass(frozen=True, slots=True)
class Rooted:
    """An organisation that is there already, under which rows may stand; its place is the path to it."""

    path: tuple[UUID, ...]
    kind: OrganisationKind
    code: str | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands against a row."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything found about one row; without a finding it is fine."""

    row: TreeRow
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """A row that can be founded, its parent's code ("" for the root) and what it is."""

    row: TreeRow
    kind: OrganisationKind


@dataclass(frozen=True, slots=True)
class Tree:
    """A file that was judged: a verdict for each row in its order, and what can be founded, parents first."""

    verdicts: tuple[Verdict, ...]
    planted: tuple[Planted, ...]

    @property
    def error_count(self) -> int:
        """Return how many rows stop the import."""
        return sum(bool(verdict.findings) for verdict in self.verdicts)


def plant(rows: Sequence[TreeRow], *, root: Rooted | None, known: Mapping[str, Rooted], taken: set[str]) -> Tree:
    """Judge the rows below `root` and put them in order.

    `known` are organisations at or below the root by code; `taken` are codes that any organisation has. Without a root,
    when there is no organisation at all, the one row without a parent becomes it.
    """
    by_code: dict[str, list[TreeRow]] = defaultdict(list)
    for row in rows:
        by_code[row.code].append(row)
    judge = _Judge(rows=rows, root=root, known=known, taken=taken, by_code=by_code)
    verdicts = tuple(Verdict(row, tuple(judge.findings(row))) for row in rows)
    fine = [verdict.row for verdict in verdicts if not verdict.findings]
    planted = tuple(Planted(row, _KIND_OF[normalise(row.kind)]) for row in _parents_first(fine))
    return Tree(verdicts=verdicts, planted=planted)


@dataclass(frozen=True, slots=True)
class _Judge:
    rows: Sequence[TreeRow]
    root: Rooted | None
    known: Mapping[str, Rooted]
    taken: set[str]
    by_code: Mapping[str, list[TreeRow]]

    def findings(self, row: TreeRow) -> Iterator[Finding]:
        """Say what is wrong with one row."""
        if not row.name or len(row.name) > LONGEST_NAME:
            yield Finding("name_missing", Text(vi="Thiếu tên, hoặc tên quá dài", en="No name, or too long a one"))
        if normalise(row.kind) not in _KIND_OF:
            yield Finding("kind_unknown", Text(vi=f"Không có loại “{row.kind[:40]}”", en="There is no such kind"))
        if row.time_zone and not _is_zone(row.time_zone):
            yield Finding("time_zone_unknown", Text(vi="Không có múi giờ này", en="There is no such time zone"))
        if re.fullmatch(r"[0-9]{14}", row.code):
            yield from self._code(row)
        else:
            text = Text(vi="Mã tổ chức gồm đúng 14 chữ số", en="An official code has exactly 14 digits")
            yield Finding("organisation_code_malformed", text)
        yield from self._parent(row)

    def _code(self, row: TreeRow) -> Iterator[Finding]:
        same = [other.number for other in self.by_code[row.code] if other is not row]
        if same:
            numbers = ", ".join(map(str, same[:20]))
            yield Finding("code_repeated", Text(vi=f"Mã trùng với dòng {numbers}", en=f"The code of row {numbers} too"))
        if row.code in self.taken:
            text = Text(vi="Mã tổ chức này đã được dùng", en="This official code is in use")
            yield Finding("organisation_code_taken", text)
        above = row.parent_code
        if not above and self.root is not None:
            above = self.root.code or ""
        if re.fullmatch(r"[0-9]{14}", above) and not stands_below(row.code, above):
            text = Text(vi=f"Mã không nối tiếp mã cấp trên ({above})", en=f"The code does not go on from {above}")
            yield Finding("organisation_code_outside_parent", text)

    def _parent(self, row: TreeRow) -> Iterator[Finding]:
        if not row.parent_code:
            if self.root is None and [one.number for one in self.rows if not one.parent_code] != [row.number]:
                yield Finding("root_repeated", Text(vi="Chỉ một tổ chức gốc", en="There can be one root only"))
            return
        parents = self.by_code.get(row.parent_code)
        if not parents and row.parent_code not in self.known:
            text = Text(vi=f"Không có cấp trên mã {row.parent_code[:20]}", en="There is no such parent")
            yield Finding("parent_unknown", text)
        elif parents and self._is_in_a_ring(row):
            yield Finding("parents_in_a_ring", Text(vi="Cấp trên quay vòng lại chính nó", en="Its parents form a ring"))
        else:
            above = _KIND_OF.get(normalise(parents[0].kind)) if parents else self.known[row.parent_code].kind
            if above is OrganisationKind.branch and _KIND_OF.get(normalise(row.kind)) is not OrganisationKind.group:
                text = Text(vi="Dưới chi bộ chỉ có tổ đảng", en="Only a group stands below a branch")
                yield Finding("below_a_branch", text)

    def _is_in_a_ring(self, row: TreeRow) -> bool:
        seen = {row.code}
        above = row.parent_code
        while above in self.by_code:
            if above in seen:
                return True
            seen.add(above)
            above = self.by_code[above][0].parent_code
        return False


def _parents_first(rows: Sequence[TreeRow]) -> Iterator[TreeRow]:
    """Yield each row after the one it stands under; a row below a refused one, which nobody will found, last."""
    codes = {row.code for row in rows}
    below: dict[str, list[TreeRow]] = defaultdict(list)
    for row in rows:
        below[row.parent_code if row.parent_code in codes else ""].append(row)
    waiting = below.pop("", [])[::-1]
    while waiting:
        row = waiting.pop()
        yield row
        waiting += below.pop(row.code, [])[::-1]


def _is_zone(name: str) -> bool:
    try:
        _ZONE.validate_python(name)
    except ValidationError:
        return False
    return True

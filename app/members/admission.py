"""Admission: which birth, admission and official dates fit together, and which standings follow from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.kernel.errors import FieldProblem
from app.kernel.i18n import Text
from app.members.models import StandingKind
from app.rules import rules_in_force


@dataclass(frozen=True, slots=True)
class Term:
    """A standing from a day to a day (both included; open when None)."""

    kind: StandingKind
    starts_on: date
    ends_on: date | None


def find_contradictions(
    *, born_on: date | None, admitted_on: date | None, official_on: date | None, today: date
) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the dates, with the codes that a roster's verdicts use."""
    found: list[FieldProblem] = [
        _problem(name, "date_in_future", vi="Ngày ở tương lai", en="The date lies in the future")
        for name, day in (("born_on", born_on), ("admitted_on", admitted_on), ("official_on", official_on))
        if day is not None and day > today
    ]
    if admitted_on is None and official_on is None:
        found.append(
            _problem(
                "admitted_on",
                "admission_and_official_dates_missing",
                vi="Cần ngày vào Đảng hoặc ngày chính thức",
                en="An admission date or an official date is needed",
            )
        )
    if admitted_on is not None and official_on is not None and official_on < admitted_on:
        found.append(
            _problem(
                "official_on",
                "official_before_admission",
                vi="Ngày chính thức trước ngày vào Đảng",
                en="The official date lies before the admission",
            )
        )
    youngest = rules_in_force(admitted_on or today).youngest_admitted
    if born_on is not None and admitted_on is not None and _age(born_on, admitted_on) < youngest:
        found.append(
            _problem(
                "admitted_on",
                "admitted_too_young",
                vi=f"Khi vào Đảng chưa đủ {youngest} tuổi",
                en=f"Admitted before the age of {youngest}",
            )
        )
    return tuple(found)


def terms_of(*, admitted_on: date | None, official_on: date | None) -> tuple[Term, ...]:
    """Return the standings: probationary from the admission to the official date's eve, then official."""
    terms: list[Term] = []
    if admitted_on is not None and (official_on is None or admitted_on < official_on):
        eve = official_on - timedelta(days=1) if official_on else None
        terms.append(Term(kind=StandingKind.probationary, starts_on=admitted_on, ends_on=eve))
    if official_on is not None:
        terms.append(Term(kind=StandingKind.official, starts_on=official_on, ends_on=None))
    return tuple(terms)


def spread(terms: Sequence[Term], stays: Sequence[tuple[UUID, date]]) -> Iterator[tuple[UUID, Term]]:
    """Return the standings as they hold in the branches that somebody was carried through, each with the branch.

    `stays` are those branches with the first day in each, in their order; the first holds all that was before it, too.
    """
    for place, (branch_id, since) in enumerate(stays):
        until = stays[place + 1][1] - timedelta(days=1) if place + 1 < len(stays) else date.max
        for term in terms:
            first = max(term.starts_on, since) if place else term.starts_on
            last = min(term.ends_on or date.max, until)
            if first <= last:
                yield branch_id, Term(kind=term.kind, starts_on=first, ends_on=None if last == date.max else last)


def _problem(field: str, code: str, *, vi: str, en: str) -> FieldProblem:
    return FieldProblem(pointer=f"/{field}", code=code, detail=Text(vi=vi, en=en))


def _age(born_on: date, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))

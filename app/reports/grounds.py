"""What a report is about: the period, the organisation, those directly below it, and the way to ask of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, TextClause

from app.kernel.db import Session
from app.organisations.models import Organisation, OrganisationKind
from app.reports import statements
from app.reports.schemas import Line

HOME = ZoneInfo("Asia/Ho_Chi_Minh")

L = TypeVar("L", bound=Line)
Groups = Mapping[UUID | None, Row[Any]]
"""Rows of several columns (Any), by the organisation directly below; None is the organisation's own."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both included, in Việt Nam."""

    first: date
    last: date

    @property
    def begin(self) -> datetime:
        """Return the first instant (UTC)."""
        return beginning_of(self.first)

    @property
    def end(self) -> datetime:
        """Return the first instant that is over (UTC)."""
        return beginning_of(self.last + timedelta(days=1))

    def months(self) -> dict[date, list[int]]:
        """Return, by the first day of each month, which days of the period lie in it, the first day being 0."""
        found: dict[date, list[int]] = {}
        for place in range((self.last - self.first).days + 1):
            found.setdefault((self.first + timedelta(days=place)).replace(day=1), []).append(place)
        return found

    def complete_months(self, *, before: date) -> "Period":
        """Return the months that lie in the period whole and were over before a day; none ends before it begins."""
        first = self.first if self.first.day == 1 else _first_of_next(self.first)
        over = min(self.last + timedelta(days=1), before)
        return Period(first, over.replace(day=1) - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that has a line."""

    id: UUID
    name: str
    kind: OrganisationKind


class Ground:
    """The organisation a report is about, with those directly below it by name."""

    def __init__(self, session: Session, path: Sequence[UUID], own: Place, children: Sequence[Place]) -> None:
        """Ask nothing yet; the path ends with the organisation's own id."""
        self.path = path
        self.children = children
        self._session = session
        self._own = own
        self._where = {"id": own.id, "depth": len(path) + 1}

    async def ask(self, statement: TextClause, **values: object) -> Sequence[Row[Any]]:
        """Return the groups of a statement; Any: they have several columns."""
        return (await self._session.execute(statement, {**self._where, **values})).all()

    async def by_child(self, statement: TextClause, **values: object) -> Groups:
        """Return the groups of a statement that makes one for each organisation directly below."""
        return {row.child: row for row in await self.ask(statement, **values)}

    def lines(self, make: Callable[[Place, frozenset[UUID | None]], L]) -> tuple[L, list[L]]:
        """Return the line of the whole and one for each below; `make` is told which groups are in it."""
        everything = frozenset([None, *(place.id for place in self.children)])
        return make(self._own, everything), [make(place, frozenset([place.id])) for place in self.children]


async def find_ground(session: Session, organisation: Organisation) -> Ground:
    """Return an organisation as a report is made about it; who may read that is judged already."""
    await session.execute(statements.AT_LARGE)
    where = {"id": organisation.id, "depth": len(organisation.path) + 1}
    rows = (await session.execute(statements.CHILDREN, where)).all()
    own = Place(organisation.id, organisation.name, organisation.kind)
    children = [Place(row.id, row.name, OrganisationKind(row.kind)) for row in rows]
    return Ground(session, tuple(organisation.path), own, children)


def sum_of(groups: Groups, column: str, of: Collection[UUID | None]) -> int:
    """Return the sum of a column over some groups; one that is not there counts nothing."""
    return sum(int(getattr(groups[child], column)) for child in of if child in groups)


def beginning_of(day: date) -> datetime:
    """Return the first instant of a day in Việt Nam (UTC)."""
    return datetime(day.year, day.month, day.day, tzinfo=HOME).astimezone(UTC)


def _first_of_next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

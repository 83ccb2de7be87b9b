"""What is planned for the years of a report: each year's admissions and new organisations, and the term's."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.reports import statements
from app.reports.grounds import Ground
from app.reports.models import TargetKind

Years = tuple[int, int]
"""The first and the last one."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of an organisation and of those directly below it, each its own: nobody adds them up."""

    admissions: Mapping[UUID, int]
    """Of the report's years together, where each has one; else of a term of just these years."""
    of_last_year: Mapping[UUID, int]
    new_organisations: Mapping[UUID, int]
    """Of the report's years together, where each has one."""
    term: Years | None
    """The organisation's own in which the report's last year lies; of several, the one that begins last."""
    of_term: Mapping[UUID, int]


async def find_plans(ground: Ground, *, from_year: int, to_year: int) -> Plans:
    """Return what is planned for the years from one to another."""
    planned: dict[TargetKind, dict[UUID, dict[Years, int]]] = {kind: defaultdict(dict) for kind in TargetKind}
    for row in await ground.ask(statements.PLANS, from_year=from_year, to_year=to_year):
        planned[TargetKind(row.kind)][row.organisation_id][row.from_year, row.to_year] = row.plan
    admissions, new = planned[TargetKind.admissions], planned[TargetKind.new_organisations]
    terms = [years for years in admissions.get(ground.path[-1], {}) if years[0] < years[1] and years[1] >= to_year]
    term = max(terms, default=None)
    asked = from_year, to_year
    years = [(year, year) for year in range(from_year, to_year + 1)]

    def together(of: Mapping[Years, int]) -> int | None:
        return sum(of[year] for year in years) if all(year in of for year in years) else of.get(asked)

    return Plans(
        admissions={one: plan for one, of in admissions.items() if (plan := together(of)) is not None},
        of_last_year={one: of[years[-1]] for one, of in admissions.items() if years[-1] in of},
        new_organisations={one: plan for one, of in new.items() if (plan := together(of)) is not None},
        term=term,
        of_term={one: of[term] for one, of in admissions.items() if term in of} if term is not None else {},
    )

"""Reads of what an organisation was: its names and places by period, what it came from and what came after it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, text

from app.kernel.db import Session
from app.kernel.security import Actor
from app.organisations.models import Organisation, OrganisationKind, OrganisationPeriod, OrganisationSuccession
from app.organisations.queries import get_visible_organisation
from app.organisations.succession.schemas import HistoryView, PeriodView, SuccessionView

# Of each the latest period that has begun by the day; a day before all of them is taken for the first.
_LINE_ON = text("""
WITH RECURSIVE line (id, name, parent_id, steps) AS (
    SELECT CAST(NULL AS uuid), CAST(NULL AS text), CAST(:id AS uuid), 0
    UNION ALL
    SELECT period.organisation_id, period.name, period.parent_id, steps + 1
    FROM line CROSS JOIN LATERAL (
        SELECT organisation_id, name, parent_id FROM organisation_periods
        WHERE organisation_id = line.parent_id
        ORDER BY valid_from > CAST(:on AS date), abs(valid_from - CAST(:on AS date))
        LIMIT 1
    ) AS period
) CYCLE id SET is_cycle USING passed
SELECT organisations.kind, line.name FROM line JOIN organisations USING (id) WHERE NOT is_cycle ORDER BY steps
""")

_ANCESTRIES = text("""
WITH RECURSIVE ancestry (of, id) AS (
    SELECT id, id FROM unnest(CAST(:ids AS uuid[])) AS given(id)
    UNION
    SELECT ancestry.of, link.predecessor_id
    FROM ancestry JOIN organisation_successions AS link ON link.successor_id = ancestry.id
)
SELECT of, array_agg(id) AS ids FROM ancestry GROUP BY of
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An organisation by the name of a day."""

    kind: OrganisationKind
    name: str


async def list_line_on(session: Session, organisation_id: UUID, on: date) -> list[Called]:
    """Return an organisation and those it stood below on a day, itself first, by the names they had then.

    For papers of that day, wherever it hangs now (domain.md 2); whoever asks has judged who may read them.
    """
    rows = await session.execute(_LINE_ON, {"id": organisation_id, "on": on})
    return [Called(kind=OrganisationKind(row.kind), name=row.name) for row in rows]


async def find_ancestries(session: Session, ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return, of each, itself and all that was merged into it or that it was split from, however long ago.

    In membership they count as one branch: nobody who was carried over has been elsewhere.
    """
    rows = await session.execute(_ANCESTRIES, {"ids": list(ids)})
    return {row.of: frozenset(row.ids) for row in rows}


async def get_organisation_history(session: Session, actor: Actor, organisation_id: UUID) -> HistoryView:
    """Return the names and places by period, the latest first, and the links both ways; raises OrganisationNotFound."""
    organisation = await get_visible_organisation(session, actor, organisation_id)
    periods = await session.scalars(
        select(OrganisationPeriod)
        .where(OrganisationPeriod.organisation_id == organisation_id)
        .order_by(OrganisationPeriod.valid_from.desc())
    )
    shown = [PeriodView.model_validate(period) for period in periods]
    return HistoryView(
        id=organisation.id,
        version=organisation.version,
        valid_from=organisation.valid_from,
        valid_until=organisation.valid_until,
        periods=shown,
        predecessors=await _linked(session, organisation_id, is_successor=True),
        successors=await _linked(session, organisation_id, is_successor=False),
    )


async def _linked(session: Session, organisation_id: UUID, *, is_successor: bool) -> list[SuccessionView]:
    own, other = OrganisationSuccession.predecessor_id, OrganisationSuccession.successor_id
    if is_successor:
        own, other = other, own
    rows = await session.execute(
        select(Organisation.id, Organisation.name, OrganisationSuccession.kind, OrganisationSuccession.effective_on)
        .join(OrganisationSuccession, other == Organisation.id)
        .where(own == organisation_id)
        .order_by(OrganisationSuccession.effective_on.desc(), Organisation.id)
    )
    return [SuccessionView.model_validate(row) for row in rows]

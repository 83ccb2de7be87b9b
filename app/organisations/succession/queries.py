"""Reads of what an organisation was: its names and places by period, what it came from and what came after it."""

from uuid import UUID

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.security import Actor
from app.organisations.models import Organisation, OrganisationPeriod, OrganisationSuccession
from app.organisations.queries import get_visible_organisation
from app.organisations.succession.schemas import HistoryView, PeriodView, SuccessionView


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

"""Commands of plans of admission."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.organisations.queries import get_visible_organisation
from app.reports import access
from app.reports.events import AdmissionTargetSet
from app.reports.models import AdmissionTarget
from app.reports.schemas import TargetView, TargetWrite


async def set_admission_target(
    session: Session, actor: Actor, organisation_id: UUID, year: int, body: TargetWrite
) -> TargetView:
    """Set a year's plan; the last one who says holds. Raises OrganisationNotFound, NotForYourPost."""
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_officer(actor, organisation.path)
    said = {"plan": body.plan, "set_by": actor.member_id, "set_at": session.now()}
    await session.execute(
        insert(AdmissionTarget)
        .values(organisation_id=organisation.id, year=year, **said)
        .on_conflict_do_update(index_elements=["organisation_id", "year"], set_=said)
    )
    fact = AdmissionTargetSet(
        organisation_id=organisation.id,
        subject_id=organisation.id,
        actor_member_id=actor.member_id,
        year=year,
        plan=body.plan,
    )
    await record(session, fact)
    return TargetView(organisation_id=organisation.id, year=year, plan=body.plan)

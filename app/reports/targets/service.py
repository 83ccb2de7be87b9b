"""Commands of plans: a year's admissions, a term's, and a year's new organisations; the last one who says holds."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.organisations.queries import get_visible_organisation
from app.reports import access
from app.reports.errors import TargetNotFound, TargetTermInvalid
from app.reports.events import (
    AdmissionTargetRemoved,
    AdmissionTargetSet,
    CommitteeTargetRemoved,
    CommitteeTargetSet,
)
from app.reports.models import LONGEST_TERM, AdmissionTarget, CommitteeTarget, TargetKind
from app.reports.schemas import CommitteeTargetView, TargetView, TargetWrite, TermTargetWrite


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


async def remove_admission_target(session: Session, actor: Actor, organisation_id: UUID, year: int) -> None:
    """Take a year's plan back. Raises OrganisationNotFound, NotForYourPost, TargetNotFound."""
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_officer(actor, organisation.path)
    gone = delete(AdmissionTarget).where(
        AdmissionTarget.organisation_id == organisation.id, AdmissionTarget.year == year
    )
    if await session.scalar(gone.returning(AdmissionTarget.year)) is None:
        raise TargetNotFound
    fact = AdmissionTargetRemoved(
        organisation_id=organisation.id, subject_id=organisation.id, actor_member_id=actor.member_id, year=year
    )
    await record(session, fact)


async def set_term_target(
    session: Session, actor: Actor, organisation_id: UUID, from_year: int, body: TermTargetWrite
) -> CommitteeTargetView:
    """Set the admissions of a term. Raises OrganisationNotFound, NotForYourPost, TargetTermInvalid."""
    if not from_year < body.to_year < from_year + LONGEST_TERM:
        raise TargetTermInvalid
    return await _set(
        session, actor, organisation_id, TargetKind.admissions, years=(from_year, body.to_year), plan=body.plan
    )


async def remove_term_target(session: Session, actor: Actor, organisation_id: UUID, from_year: int) -> None:
    """Take back what a term shall bring. Raises OrganisationNotFound, NotForYourPost, TargetNotFound."""
    await _remove(session, actor, organisation_id, TargetKind.admissions, from_year=from_year)


async def set_founding_target(
    session: Session, actor: Actor, organisation_id: UUID, year: int, body: TargetWrite
) -> CommitteeTargetView:
    """Set how many new organisations a year shall bring. Raises OrganisationNotFound, NotForYourPost."""
    return await _set(session, actor, organisation_id, TargetKind.new_organisations, years=(year, year), plan=body.plan)


async def remove_founding_target(session: Session, actor: Actor, organisation_id: UUID, year: int) -> None:
    """Take back how many new organisations a year shall bring. Raises as `remove_term_target`."""
    await _remove(session, actor, organisation_id, TargetKind.new_organisations, from_year=year)


async def _set(
    session: Session, actor: Actor, organisation_id: UUID, kind: TargetKind, *, years: tuple[int, int], plan: int
) -> CommitteeTargetView:
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_officer(actor, organisation.path)
    from_year, to_year = years
    said = {"to_year": to_year, "plan": plan, "set_by": actor.member_id, "set_at": session.now()}
    await session.execute(
        insert(CommitteeTarget)
        .values(organisation_id=organisation.id, kind=kind, from_year=from_year, **said)
        .on_conflict_do_update(index_elements=["organisation_id", "kind", "from_year"], set_=said)
    )
    fact = CommitteeTargetSet(
        organisation_id=organisation.id,
        subject_id=organisation.id,
        actor_member_id=actor.member_id,
        kind=kind,
        from_year=from_year,
        to_year=to_year,
        plan=plan,
    )
    await record(session, fact)
    return CommitteeTargetView(
        organisation_id=organisation.id, kind=kind, from_year=from_year, to_year=to_year, plan=plan
    )


async def _remove(session: Session, actor: Actor, organisation_id: UUID, kind: TargetKind, *, from_year: int) -> None:
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_officer(actor, organisation.path)
    gone = delete(CommitteeTarget).where(
        CommitteeTarget.organisation_id == organisation.id,
        CommitteeTarget.kind == kind,
        CommitteeTarget.from_year == from_year,
    )
    if await session.scalar(gone.returning(CommitteeTarget.from_year)) is None:
        raise TargetNotFound
    fact = CommitteeTargetRemoved(
        organisation_id=organisation.id,
        subject_id=organisation.id,
        actor_member_id=actor.member_id,
        kind=kind,
        from_year=from_year,
    )
    await record(session, fact)

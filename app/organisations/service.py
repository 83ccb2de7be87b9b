"""Commands on the tree: found an organisation, change what it is called."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select

from app.kernel.db import Session
from app.kernel.errors import AppError
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.organisations import access, queries
from app.organisations.errors import OrganisationCodeTaken, OrganisationIdTaken
from app.organisations.events import OrganisationChanged, OrganisationFounded
from app.organisations.models import Organisation, OrganisationPeriod
from app.organisations.schemas import OrganisationCreate, OrganisationPatch, OrganisationView

_DUPLICATES: dict[str, type[AppError]] = {
    "pk_organisations": OrganisationIdTaken,
    "uq_organisations_code": OrganisationCodeTaken,
}


async def found_organisation(session: Session, actor: Actor, body: OrganisationCreate) -> OrganisationView:
    """Found an organisation below another one, with its first period.

    Raises OrganisationNotFound for the parent, NotForYourPost, OrganisationIdTaken, OrganisationCodeTaken.
    """
    parent = await queries.get_visible_organisation(session, actor, body.parent_id)
    access.require_administrator(actor, parent.path)
    identifier = body.id or session.new_id()
    time_zone = body.time_zone or parent.time_zone
    valid_from = body.valid_from or session.today()
    async with refusing_duplicates(session, _DUPLICATES):
        founded = (
            await session.scalars(
                insert(Organisation).returning(Organisation),
                {
                    "id": identifier,
                    "parent_id": parent.id,
                    "path": [*parent.path, identifier],
                    "kind": body.kind,
                    "code": body.code,
                    "name": body.name,
                    "time_zone": time_zone,
                    "valid_from": valid_from,
                    "version": 1,
                    "created_at": session.now(),
                },
            )
        ).one()
    session.add(
        OrganisationPeriod(organisation_id=identifier, valid_from=valid_from, parent_id=parent.id, name=body.name)
    )
    await record(
        session,
        OrganisationFounded(
            organisation_id=identifier,
            subject_id=identifier,
            actor_member_id=actor.member_id,
            parent_id=parent.id,
        ),
    )
    return OrganisationView.model_validate(founded)


async def change_organisation(
    session: Session, actor: Actor, organisation_id: UUID, body: OrganisationPatch, *, expected: int
) -> OrganisationView:
    """Change the name, code or time zone; a new name begins a period: history stays under the old one.

    Raises OrganisationNotFound, NotForYourPost, VersionChanged, OrganisationCodeTaken.
    """
    organisation = await queries.get_visible_organisation(session, actor, organisation_id)
    access.require_administrator(actor, organisation.path)
    await session.refresh(organisation, with_for_update=True)
    require_version(organisation.version, expected)
    wanted = body.model_dump(exclude_unset=True)
    fields = tuple(name for name, value in wanted.items() if getattr(organisation, name) != value)
    if not fields:
        return OrganisationView.model_validate(organisation)
    async with refusing_duplicates(session, _DUPLICATES):
        for name in fields:
            setattr(organisation, name, wanted[name])
        organisation.version += 1
    if "name" in fields:
        await _begin_period(session, organisation)
    await record(
        session,
        OrganisationChanged(
            organisation_id=organisation.id,
            subject_id=organisation.id,
            actor_member_id=actor.member_id,
            fields=fields,
            version=organisation.version,
            parent_id=organisation.parent_id,
        ),
    )
    return OrganisationView.model_validate(organisation)


async def _begin_period(session: Session, organisation: Organisation) -> None:
    today = session.today()
    current = (
        await session.scalars(
            select(OrganisationPeriod)
            .where(OrganisationPeriod.organisation_id == organisation.id)
            .order_by(OrganisationPeriod.valid_from.desc())
            .limit(1)
        )
    ).one()
    if current.valid_from >= today:  # renamed twice in a day, or before its first day
        current.name = organisation.name
        return
    current.valid_until = today - timedelta(days=1)
    session.add(
        OrganisationPeriod(
            organisation_id=organisation.id,
            valid_from=today,
            parent_id=organisation.parent_id,
            name=organisation.name,
        )
    )

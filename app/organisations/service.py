"""Commands on the tree: found an organisation, change what it is called."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.kernel.db import Session
from app.kernel.errors import AppError, FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.organisations import access, queries
from app.organisations.codes import stands_below
from app.organisations.errors import OrganisationCodeTaken, OrganisationIdTaken
from app.organisations.events import OrganisationChanged, OrganisationFounded
from app.organisations.models import Organisation, OrganisationPeriod
from app.organisations.schemas import OrganisationCreate, OrganisationPatch, OrganisationView

DUPLICATES: dict[str, type[AppError]] = {
    "pk_organisations": OrganisationIdTaken,
    "uq_organisations_code": OrganisationCodeTaken,
}

Values = Mapping[str, Any]
"""Columns of `organisations` by name (Any: they are of several types)."""


async def found_organisation(session: Session, actor: Actor, body: OrganisationCreate) -> OrganisationView:
    """Found an organisation below another one, with its first period.

    Raises OrganisationNotFound for the parent, NotForYourPost, OrganisationHasEnded, FieldsNotValid for a code that is
    not below the parent's, OrganisationIdTaken, OrganisationCodeTaken.
    """
    await queries.hold_tree(session)
    parent = await queries.get_lasting_organisation(session, actor, body.parent_id)
    access.require_administrator(actor, parent.path)
    identifier = body.id or session.new_id()
    await require_code_below(session, body.code, parent.path)
    founded = await add_organisation(
        session,
        {
            "id": identifier,
            "parent_id": parent.id,
            "path": [*parent.path, identifier],
            "kind": body.kind,
            "code": body.code,
            "name": body.name,
            "time_zone": body.time_zone or parent.time_zone,
            "valid_from": body.valid_from or session.today(),
        },
        by=actor.member_id,
    )
    return OrganisationView.model_validate(founded)


async def add_organisation(session: Session, values: Values, *, by: UUID | None) -> Organisation:
    """Write an organisation with its first period; the callers have judged the right to.

    Raises OrganisationIdTaken, OrganisationCodeTaken.
    """
    async with refusing_duplicates(session, DUPLICATES):
        row = {**values, "version": 1, "created_at": session.now()}
        founded = (await session.scalars(insert(Organisation).returning(Organisation), row)).one()
    session.add(
        OrganisationPeriod(
            organisation_id=founded.id, valid_from=founded.valid_from, parent_id=founded.parent_id, name=founded.name
        )
    )
    fact = OrganisationFounded(
        organisation_id=founded.id, subject_id=founded.id, actor_member_id=by, parent_id=founded.parent_id
    )
    await record(session, fact)
    return founded


async def change_organisation(
    session: Session, actor: Actor, organisation_id: UUID, body: OrganisationPatch, *, expected: int
) -> OrganisationView:
    """Change the name, code or time zone; a new name begins a period: history stays under the old one.

    Raises OrganisationNotFound, NotForYourPost, OrganisationHasEnded, VersionChanged, FieldsNotValid for a code that
    is not below the one above it, OrganisationCodeTaken.
    """
    seen = await queries.get_visible_organisation(session, actor, organisation_id)
    access.require_administrator(actor, seen.path)  # nobody else may hold up what waits for it
    await queries.hold_tree(session)
    organisation = await queries.get_lasting_organisation(session, actor, organisation_id, for_update=True)
    access.require_administrator(actor, organisation.path)  # it may have been moved meanwhile
    require_version(organisation.version, expected)
    wanted = body.model_dump(exclude_unset=True)
    fields = tuple(name for name, value in wanted.items() if getattr(organisation, name) != value)
    if not fields:
        return OrganisationView.model_validate(organisation)
    if "code" in fields:
        await require_code_below(session, body.code, organisation.path[:-1])
    async with refusing_duplicates(session, DUPLICATES):
        for name in fields:
            setattr(organisation, name, wanted[name])
        organisation.version += 1
    if "name" in fields:
        await begin_period(session, organisation)
    await record_changed(session, organisation, fields, by=actor.member_id)
    return OrganisationView.model_validate(organisation)


async def require_code_below(session: Session, code: str | None, path: Sequence[UUID]) -> None:
    """Raise FieldsNotValid at `/code` unless it goes on from that of the nearest organisation of the path with one."""
    above = await queries.find_code_above(session, path)
    if code is not None and above is not None and not stands_below(code, above):
        text = Text(vi=f"Mã phải nối tiếp mã của tổ chức cấp trên ({above})", en=f"It must go on from {above} above")
        problem = FieldProblem(pointer="/code", code="organisation_code_outside_parent", detail=text)
        raise FieldsNotValid(fields=(problem,))


async def record_changed(
    session: Session, organisation: Organisation, fields: tuple[str, ...], *, by: UUID | None
) -> None:
    """Record that these fields of the organisation have other values."""
    fact = OrganisationChanged(
        organisation_id=organisation.id,
        subject_id=organisation.id,
        actor_member_id=by,
        fields=fields,
        version=organisation.version,
        parent_id=organisation.parent_id,
    )
    await record(session, fact)


async def begin_period(session: Session, organisation: Organisation) -> None:
    """Begin a period today for a name that was just changed; before its first day, or again today, mend the last."""
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

"""Reads of the tree of organisations."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, ScalarSelect, Uuid, func, literal, or_, select, true, tuple_

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.organisations import access
from app.organisations.errors import OrganisationHasEnded, OrganisationNotFound
from app.organisations.models import Organisation
from app.organisations.names import contains_name
from app.organisations.schemas import OrganisationPage, OrganisationView

TREE_LOCK = 7_401_520_127  # any number, the same for everybody who changes the tree


async def hold_tree(session: Session) -> None:
    """Keep every path as it is until the unit of work ends; before one is read that something new is founded below."""
    await session.execute(select(func.pg_advisory_xact_lock_shared(TREE_LOCK)))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Say, for a row of `organisations`, what `access.sees_organisation` says of its path."""
    roots = literal(sorted(access.roots_of(actor)), ARRAY(Uuid))
    return or_(Organisation.id.in_((*actor.path, *actor.ended)), Organisation.path.bool_op("&&")(roots))


async def get_visible_organisation(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    """Return an organisation above or below the actor; raises OrganisationNotFound for any other."""
    found = await session.get(Organisation, organisation_id)
    if found is None or not access.sees_organisation(actor, found.path):
        raise OrganisationNotFound
    return found


async def hold_organisation(session: Session, organisation_id: UUID | ScalarSelect[UUID]) -> None:
    """Let an organisation not end until the unit of work does; before anything that it has is locked.

    Whoever ends one locks it first and then what it hands over: in another order the two would wait for each other.
    """
    await session.execute(
        select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(read=True, key_share=True)
    )


async def get_lasting_organisation(
    session: Session, actor: Actor | None, organisation_id: UUID, *, for_update: bool = False, in_turn: bool = False
) -> Organisation:
    """Return a visible organisation that something new shall be written into; it does not end before that is done.

    Without an actor it is the operator's at the server's console, who sees them all.
    With `for_update` its own changes follow each other too; with `in_turn` those who ask for it like that follow each
    other, and nobody else waits for them. Raises OrganisationNotFound, OrganisationHasEnded.
    """
    # At once as strong as needed: of two that share it already, neither gets it for itself. Its code is a key.
    found = await session.get(
        Organisation,
        organisation_id,
        with_for_update=True if for_update else {"read": not in_turn, "key_share": True},
        populate_existing=True,
    )
    if found is None or (actor is not None and not access.sees_organisation(actor, found.path)):
        raise OrganisationNotFound
    if found.valid_until is not None and found.valid_until < session.today():
        raise OrganisationHasEnded
    return found


async def find_lasting_id(session: Session, organisation_id: UUID) -> UUID:
    """Return who goes on with what the organisation began: itself, or the one it was merged into."""
    goes_on = func.coalesce(Organisation.successor_id, Organisation.id)
    return (await session.execute(select(goes_on).where(Organisation.id == organisation_id))).scalar_one()


async def find_code_above(session: Session, path: Sequence[UUID]) -> str | None:
    """Return the code of the last organisation of the path that has one."""
    codes = select(Organisation.code).where(Organisation.id.in_(path), Organisation.code.is_not(None))
    found: str | None = await session.scalar(codes.order_by(func.cardinality(Organisation.path).desc()).limit(1))
    return found


async def find_organisations(session: Session, actor: Actor, ids: Collection[UUID]) -> list[OrganisationView]:
    """Return those of the organisations that stand above or below the actor."""
    rows = await session.scalars(select(Organisation).where(Organisation.id.in_(ids), visible_to(actor)))
    return [OrganisationView.model_validate(row) for row in rows]


async def get_organisation_path(session: Session, organisation_id: UUID) -> tuple[UUID, ...]:
    """Return the path from the root to the organisation, itself included; raises OrganisationNotFound."""
    path = await session.scalar(select(Organisation.path).where(Organisation.id == organisation_id))
    if path is None:
        raise OrganisationNotFound
    return tuple(path)


async def list_children(
    session: Session, actor: Actor, organisation_id: UUID, *, page: PageRequest
) -> OrganisationPage:
    """List what stands directly below and lasts, by name; above the actor's branch, only what they may see."""
    await get_visible_organisation(session, actor, organisation_id)
    return await _page(session, actor, Organisation.parent_id == organisation_id, page=page)


async def list_organisations(session: Session, actor: Actor, *, q: str | None, page: PageRequest) -> OrganisationPage:
    """List what lasts and is visible to the actor, by name; `q` is a part of it, with accents or without."""
    return await _page(session, actor, true() if q is None else contains_name(Organisation.name, q), page=page)


async def _page(session: Session, actor: Actor, wanted: ColumnElement[bool], *, page: PageRequest) -> OrganisationPage:
    name = Organisation.name.collate("C")
    lasts = or_(Organisation.valid_until.is_(None), Organisation.valid_until >= session.today())
    query = select(Organisation).where(wanted, lasts, visible_to(actor))
    if page.after is not None:
        query = query.where(tuple_(name, Organisation.id) > tuple_(literal(page.after[0]), literal(page.after[1])))
    rows = (await session.scalars(query.order_by(name, Organisation.id).limit(page.limit + 1))).all()
    return page.page(
        rows, into=OrganisationPage, view=OrganisationView.model_validate, key=lambda row: (row.name, row.id)
    )

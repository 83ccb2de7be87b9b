"""Commands on the tree by which organisations end and hang elsewhere: for reorganisations, which judge them first.

The callers have locked the organisations named here (`lock_organisations`), and know that each lasts. Everything below
them is rewritten by one statement each, however much that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.events import record
from app.organisations.models import Organisation, OrganisationKind, OrganisationSuccession
from app.organisations.models import SuccessionKind as Kind
from app.organisations.queries import TREE_LOCK
from app.organisations.service import add_organisation, begin_period, record_changed
from app.organisations.succession.events import OrganisationEnded, OrganisationMoved

# What hangs below one of `ids` (itself included) keeps the end of its path and gets another beginning. Returned is what
# was under something else when it ended, and hangs there because it was merged into something that does.
_REHANG = text("""
WITH hung AS (
    UPDATE organisations AS o
    SET path = CAST(:prefix AS uuid[]) || o.path[array_position(o.path, moved.id):]
    FROM unnest(CAST(:ids AS uuid[])) AS moved(id)
    WHERE o.path @> ARRAY[moved.id]
    RETURNING o.id, o.version, o.parent_id, moved.id AS below
)
SELECT hung.id, hung.version, hung.parent_id, hung.below
FROM hung JOIN organisations AS parent ON parent.id = hung.parent_id
WHERE hung.id <> hung.below AND NOT parent.path @> ARRAY[hung.below]
""")
_NEW_PARENT = text("""
WITH former AS (SELECT id, parent_id FROM organisations WHERE id = ANY(CAST(:ids AS uuid[])))
UPDATE organisations AS o SET parent_id = :parent, version = o.version + 1
FROM former WHERE former.id = o.id
RETURNING o.id, o.version, former.parent_id AS former_parent_id
""")
_CLOSE_PERIODS = text("""
UPDATE organisation_periods SET valid_until = CAST(:on AS date) - 1
WHERE organisation_id = ANY(CAST(:ids AS uuid[])) AND valid_until IS NULL AND valid_from < :on
""")
# A period that another plan of the same day began was never there: the organisation has ended on the eve.
_END_PERIODS = (
    _CLOSE_PERIODS,
    text("DELETE FROM organisation_periods WHERE organisation_id = ANY(CAST(:ids AS uuid[])) AND valid_from >= :on"),
)
_BEGIN_PERIODS = text("""
INSERT INTO organisation_periods (organisation_id, valid_from, parent_id, name)
SELECT id, greatest(valid_from, CAST(:on AS date)), parent_id, name
FROM organisations WHERE id = ANY(CAST(:ids AS uuid[]))
ON CONFLICT (organisation_id, valid_from) DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name
""")
# Of what ended before, the members are elsewhere already: only what lasts remembers.
_REMEMBER = text("""
UPDATE organisations SET ended_above = ended_above || CAST(:ended AS uuid)
WHERE path @> ARRAY[CAST(:ended AS uuid)] AND id <> :ended AND valid_until IS NULL
""")
_END = text("""
UPDATE organisations SET valid_until = CAST(:on AS date) - 1, successor_id = :successor, version = version + 1
WHERE id = :id RETURNING version, parent_id
""")
_INHERIT = text("""
UPDATE organisations SET successor_id = :successor, version = version + 1 WHERE successor_id = :id
RETURNING id, version, parent_id
""")
_LOCK = text("SELECT id FROM organisations WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganisation:
    """One that a reorganisation founds; where the code is None it has none."""

    id: UUID
    name: str
    code: str | None


async def lock_organisations(session: Session, ids: Sequence[UUID]) -> None:
    """Keep the organisations as they are until the unit of work ends: what is new below or in them waits for it."""
    await session.execute(select(func.pg_advisory_xact_lock(TREE_LOCK)))
    await session.execute(_LOCK, {"ids": list(ids)})


async def found_successor(session: Session, new: NewOrganisation, *, like: UUID, on: date, by: UUID | None) -> None:
    """Found an organisation beside another one and like it. Raises OrganisationIdTaken, OrganisationCodeTaken."""
    model = (
        await session.execute(
            select(Organisation.kind, Organisation.time_zone, Organisation.parent_id).where(Organisation.id == like)
        )
    ).one()
    above = select(Organisation.path).where(Organisation.id == model.parent_id)
    await add_organisation(
        session,
        {
            "id": new.id,
            "parent_id": model.parent_id,
            "path": [*(await session.execute(above)).scalar_one(), new.id],
            "kind": OrganisationKind(model.kind),
            "code": new.code,
            "name": new.name,
            "time_zone": model.time_zone,
            "valid_from": on,
        },
        by=by,
    )


async def merge_into(session: Session, ended_id: UUID, *, successor_id: UUID, on: date, by: UUID | None) -> None:
    """End an organisation on the eve of a day; its children hang below the successor, and so does its own memory.

    Members, posts and papers are the callers' to move.
    """
    await session.execute(_REMEMBER, {"ended": ended_id})
    children = await session.scalars(
        select(Organisation.id).where(Organisation.parent_id == ended_id, Organisation.valid_until.is_(None))
    )
    await hang_below(session, children.all(), parent_id=successor_id, on=on, by=by)
    ended = (await session.execute(_END, {"id": ended_id, "on": on, "successor": successor_id})).one()
    inherited = (await session.execute(_INHERIT, {"id": ended_id, "successor": successor_id})).all()
    prefix = (await session.execute(select(Organisation.path).where(Organisation.id == successor_id))).scalar_one()
    along = (await session.execute(_REHANG, {"ids": [ended_id], "prefix": prefix})).all()
    for statement in _END_PERIODS:
        await session.execute(statement, {"ids": [ended_id], "on": on})
    await link(session, ended_id, successor_id, kind=Kind.merged, on=on)
    await _record_end(
        session,
        ended_id,
        ended.parent_id,
        ended.version,
        successor_id=successor_id,
        earlier=(*inherited, *along),
        on=on,
        by=by,
    )


async def dissolve(session: Session, ended_id: UUID, *, on: date, by: UUID | None) -> None:
    """End an organisation on the eve of a day, without a successor; it has neither children nor members any more."""
    ended = (await session.execute(_END, {"id": ended_id, "on": on, "successor": None})).one()
    for statement in _END_PERIODS:
        await session.execute(statement, {"ids": [ended_id], "on": on})
    await _record_end(session, ended_id, ended.parent_id, ended.version, successor_id=None, on=on, by=by)


async def hang_below(session: Session, ids: Sequence[UUID], *, parent_id: UUID, on: date, by: UUID | None) -> None:
    """Move organisations, with all that stands below them, under another one, from a day on."""
    if not ids:
        return
    prefix = (await session.execute(select(Organisation.path).where(Organisation.id == parent_id))).scalar_one()
    along = (await session.execute(_REHANG, {"ids": list(ids), "prefix": prefix})).all()
    moved = (await session.execute(_NEW_PARENT, {"ids": list(ids), "parent": parent_id})).all()
    await session.execute(_CLOSE_PERIODS, {"ids": list(ids), "on": on})
    await session.execute(_BEGIN_PERIODS, {"ids": list(ids), "on": on})
    for row in moved:
        fact = OrganisationMoved(
            organisation_id=row.id,
            subject_id=row.id,
            actor_member_id=by,
            parent_id=parent_id,
            former_parent_id=row.former_parent_id,
            version=row.version,
            earlier={one.id: one.version for one in along if one.below == row.id},
            parents={one.id: one.parent_id for one in along if one.below == row.id},
        )
        await record(session, fact)


async def rename(session: Session, organisation_id: UUID, name: str, *, by: UUID | None) -> None:
    """Give another name from today on; what was before stays under the old one."""
    organisation = await session.get_one(Organisation, organisation_id, with_for_update=True, populate_existing=True)
    organisation.name = name
    organisation.version += 1
    await begin_period(session, organisation)
    await record_changed(session, organisation, ("name",), by=by)


async def link(session: Session, predecessor_id: UUID, successor_id: UUID, *, kind: Kind, on: date) -> None:
    """Write down that one came after the other; what was split off and then takes over the rest that day has it all."""
    values = {"predecessor_id": predecessor_id, "successor_id": successor_id, "effective_on": on, "kind": kind}
    known = (OrganisationSuccession.predecessor_id, OrganisationSuccession.successor_id)
    linked = insert(OrganisationSuccession).values(values)
    await session.execute(
        linked.on_conflict_do_update(
            index_elements=[*known, OrganisationSuccession.effective_on], set_={"kind": linked.excluded.kind}
        )
    )


async def _record_end(
    session: Session,
    ended_id: UUID,
    parent_id: UUID | None,
    version: int,
    *,
    successor_id: UUID | None,
    earlier: Sequence[Row[Any]] = (),  # Any: ids and versions
    on: date,
    by: UUID | None,
) -> None:
    fact = OrganisationEnded(
        organisation_id=ended_id,
        subject_id=ended_id,
        actor_member_id=by,
        successor_id=successor_id,
        last_day=on - timedelta(days=1),
        parent_id=parent_id,
        version=version,
        earlier={row.id: row.version for row in earlier},
        parents={row.id: row.parent_id for row in earlier},
    )
    await record(session, fact)

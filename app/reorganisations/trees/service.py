"""Command on trees: take in a file of organisations, whole or not at all."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.kernel.uploads import Upload
from app.organisations.access import require_administrator
from app.organisations.models import Organisation, OrganisationPeriod
from app.organisations.queries import get_lasting_organisation, get_visible_organisation, hold_tree
from app.organisations.service import DUPLICATES
from app.reorganisations.trees import queries
from app.reorganisations.trees.errors import TreeHasErrors
from app.reorganisations.trees.events import TreeImported
from app.reorganisations.trees.planting import Planted, Rooted, Tree, plant
from app.reorganisations.trees.schemas import TreeImportView
from app.reorganisations.trees.tables import TreeRow, read_table

AT_ONCE = 500
HOME_ZONE = "Asia/Ho_Chi_Minh"

Progress = Callable[[int, int], None]
"""Is told how many of how many organisations are written."""


@dataclass(frozen=True, slots=True)
class TreeImport:
    """A file with every verdict, and how many organisations were made of it: none on a dry run or with an error."""

    tree: Tree
    created_count: int


async def import_tree_for(session: Session, actor: Actor, organisation_id: UUID, upload: Upload) -> TreeImportView:
    """Take in a file below an organisation, for a request: wanted but not possible is a refusal.

    Raises OrganisationNotFound, NotForYourPost, OrganisationHasEnded, what `import_tree` raises, and TreeHasErrors with
    the verdicts as `report`.
    """
    seen = await get_visible_organisation(session, actor, organisation_id)
    require_administrator(actor, seen.path)
    rows = await asyncio.to_thread(read_table, upload.content, filename=upload.filename)
    await hold_tree(session)  # before the row, as reorganisations do
    above = await get_lasting_organisation(session, actor, organisation_id)
    require_administrator(actor, above.path)  # it may have been moved meanwhile
    done = await _take_in(session, rows, above.id, commit=upload.commit, by=actor.member_id)
    view = TreeImportView.of(done.tree, created_count=done.created_count, locale=upload.locale)
    if upload.commit and done.tree.error_count:
        raise TreeHasErrors(report=view.model_dump(mode="json"))
    return view


async def import_tree(
    session: Session,
    root_id: UUID | None,
    *,
    content: bytes,
    filename: str | None,
    commit: bool,
    progress: Progress | None = None,
) -> TreeImport:
    """Judge a file of organisations and, if `commit` and no row has an error, found them below the root.

    Without a root the tree's own is meant; where there is none, the file brings it. Raises OrganisationNotFound,
    OrganisationHasEnded, what `read_table` raises, and OrganisationCodeTaken for a race.
    """
    rows = await asyncio.to_thread(read_table, content, filename=filename)
    await hold_tree(session)
    if root_id is None:
        root_id = await queries.find_root(session)
    else:
        await get_lasting_organisation(session, None, root_id)
    return await _take_in(session, rows, root_id, commit=commit, by=None, progress=progress)


async def _take_in(
    session: Session,
    rows: Sequence[TreeRow],
    root_id: UUID | None,
    *,
    commit: bool,
    by: UUID | None,
    progress: Progress | None = None,
) -> TreeImport:
    root = await queries.get_rooted(session, root_id) if root_id else None
    above = {row.parent_code for row in rows}
    known = await queries.find_rooted(session, root_id, above) if root_id else {}
    taken = await queries.find_taken(session, {row.code for row in rows})
    tree = await asyncio.to_thread(plant, rows, root=root, known=known, taken=taken)
    if not commit or tree.error_count:
        return TreeImport(tree=tree, created_count=0)
    founded = _found(session, tree.planted, root=root, known=known)
    async with refusing_duplicates(session, DUPLICATES):
        for start in range(0, len(founded), AT_ONCE):
            some = founded[start : start + AT_ONCE]
            await session.execute(insert(Organisation), some)
            periods = [
                {"organisation_id": one["id"], **{name: one[name] for name in ("valid_from", "parent_id", "name")}}
                for one in some
            ]
            await session.execute(insert(OrganisationPeriod), periods)
            if progress is not None:
                progress(start + len(some), len(founded))
    top = root_id or founded[0]["id"]
    parents = {one["id"]: one["parent_id"] for one in founded}
    await record(session, TreeImported(organisation_id=top, subject_id=top, actor_member_id=by, parents=parents))
    return TreeImport(tree=tree, created_count=len(founded))


def _found(
    session: Session, planted: Sequence[Planted], *, root: Rooted | None, known: dict[str, Rooted]
) -> list[dict[str, Any]]:
    """Return the columns of the new organisations (Any: of several types), parents first."""
    places = dict(known)
    founded = []
    for one in planted:
        parent = places[one.row.parent_code] if one.row.parent_code else root
        identifier = session.new_id()
        above = parent.path if parent else ()
        zone = one.row.time_zone or (parent.time_zone if parent else HOME_ZONE)
        places[one.row.code] = Rooted(path=(*above, identifier), kind=one.kind, code=one.row.code, time_zone=zone)
        founded.append(
            {
                "id": identifier,
                "parent_id": above[-1] if above else None,
                "path": [*above, identifier],
                "kind": one.kind,
                "code": one.row.code,
                "name": one.row.name,
                "time_zone": zone,
                "valid_from": session.today(),
                "version": 1,
                "created_at": session.now(),
            }
        )
    return founded

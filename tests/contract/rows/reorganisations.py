"""What each role gets of reorganisations: the things asked about, and a row for each operation."""

import json
from datetime import timedelta

from app.kernel.db import Session
from app.reorganisations.models import Reorganisation, ReorganisationKind, ReorganisationStatus
from app.reorganisations.plans import Plan
from tests.contract.roles import CHANGES_TREE, OK, SEES_BRANCH, A, Row, Things, expect
from tests.factories.world import World

TREE = ("cay.json", json.dumps([{"code": "37003012000005", "name": "Tổ đảng số 1", "kind": "group"}]).encode())
# A plan is known to administrators over its organisation, and to nobody else.
KNOWS_PLAN = expect(404, administrator=OK)
# Whoever sees the commune and does not administer it is told so; the sister branch stands below it too.
COMMUNE = {"organisation_id": "commune"}
ADMINISTERS_COMMUNE = expect(404, inside=403, sister_secretary=403, administrator=OK)

ROWS: tuple[Row, ...] = (
    Row("getOrganisationHistory", SEES_BRANCH, path=A),
    Row("mergeOrganisations", CHANGES_TREE, path=A, body={"into_id": "$branch_b", "dry_run": True}),
    Row(
        "splitOrganisation",
        CHANGES_TREE,
        path=A,
        body={"parts": [{"name": "Chi bộ thôn Đông 2", "member_ids": ["$phoneless"]}]},
    ),
    Row("moveOrganisation", CHANGES_TREE, path=A, body={"parent_id": "$province"}),
    Row("dissolveOrganisation", CHANGES_TREE, path=A, body={"dry_run": True}),
    Row("renameOrganisation", CHANGES_TREE, path=A, body={"name": "Chi bộ thôn Đông 1", "effective_on": "2026-12-01"}),
    Row("listReorganisations", CHANGES_TREE, path=A),
    Row("listReorganisations", ADMINISTERS_COMMUNE, path=COMMUNE, why="above"),
    Row("getReorganisation", KNOWS_PLAN, path={"reorganisation_id": "reorganisation"}),
    Row("withdrawReorganisation", KNOWS_PLAN, path={"reorganisation_id": "reorganisation"}),
    Row("importTree", CHANGES_TREE, path=A, form={"commit": "false"}, file=TREE),
)

IDS: dict[str, tuple[str, ...]] = {"reorganisation_id": ("reorganisation", "withdrawn_reorganisation")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make a plan that waits and one that was withdrawn, both to rename branch A."""
    del things
    plan = Plan(kind=ReorganisationKind.renaming, organisation_id=world.branch_a, name="Chi bộ thôn Đông Thượng")
    made: Things = {"branch_b": world.branch_b, "province": world.province}
    for name, status in (
        ("reorganisation", ReorganisationStatus.planned),
        ("withdrawn_reorganisation", ReorganisationStatus.withdrawn),
    ):
        row = Reorganisation(
            id=session.new_id(),
            organisation_id=world.branch_a,
            kind=plan.kind,
            status=status,
            effective_on=session.today() + timedelta(days=9),
            plan=plan.model_dump(mode="json"),
            involved=[world.branch_a],
            planned_by=world.administrator.member_id,
            planned_at=session.now(),
            settled_at=None if status is ReorganisationStatus.planned else session.now(),
            version=1,
        )
        session.add(row)
        await session.flush()
        made[name] = row.id
    return made

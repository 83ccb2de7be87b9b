"""The read of what changed: which scopes are the member's, how far the phone has come, and a page of the rest."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    column,
    exists,
    func,
    literal,
    select,
    table,
    text,
    union,
)

from app.changes.cursors import Counters, Cursor, Run, read_cursor, renewed, write_cursor
from app.changes.errors import SyncCursorExpired
from app.changes.models import SyncEpoch
from app.changes.resources import RESOURCES, View, Viewer
from app.changes.schemas import ChangeOp, ChangePage, ChangeView
from app.kernel.asking import ASKING, ENDED, INHERITED, ME, PATH, TODAY, held_as
from app.kernel.db import Question, Session
from app.kernel.notices import Notices, by_type
from app.kernel.schemas import Versioned
from app.kernel.screens import question
from app.kernel.security import OFFICERS, ORGANISERS, Actor, PostKind
from app.kernel.tokens import TokenKeys
from app.members.models import AwayPeriod, Standing, StandingKind
from app.members.queries import Day, holds_on
from app.organisations.models import Organisation

_POSTS = ORGANISERS | OFFICERS | {PostKind.committee_member}
_RESOURCES = {resource.type: resource for resource in RESOURCES}


@cache
def standing_now() -> Question:
    """Ask where the member stands and how far their scopes are: all that tells whether a phone has missed something."""
    standing = _select_standings(ME, TODAY).cte("standing").prefix_with("MATERIALIZED")
    is_guest = standing.c.kind == StandingKind.temporary_guest
    mine = union(
        select(ME.label("id")),
        *(select(func.unnest(places)) for places in (PATH, ENDED, INHERITED, held_as(_POSTS))),
        select(func.unnest(standing.c.path)).where(is_guest),
    ).subquery("mine")
    scopes = table("scopes", column("id", Uuid), column("counter", BigInteger))
    heads = select(func.json_object_agg(mine.c.id, func.coalesce(scopes.c.counter, 0))).select_from(
        mine.outerjoin(scopes, scopes.c.id == mine.c.id)
    )
    standings = select(func.json_agg(func.json_build_array(standing.c.kind, standing.c.path, standing.c.away)))
    epoch = select(SyncEpoch.epoch).order_by(SyncEpoch.began_at.desc(), SyncEpoch.epoch).limit(1)
    asked = ("member_id", "path", "ended", "kinds", "organisations", "inherited_kinds", "inherited_from")
    return question(
        select(
            *(ASKING.c[name] for name in asked),
            standings.scalar_subquery(),
            heads.scalar_subquery(),
            epoch.scalar_subquery(),
        ).select_from(ASKING)
    )


def find_nothing_new(standing: Sequence[Any], cursor: str, *, notices: Notices, keys: TokenKeys) -> str | None:
    """Return the cursor anew where the phone has everything (`standing` answers `standing_now`), and otherwise None.

    Raises CursorInvalid, SyncCursorExpired.
    """
    member_id, path, ended, kinds, places, inherited_kinds, inherited_from, standings, heads, epoch = standing
    known = read_cursor(cursor, member_id=member_id, keys=keys)
    if known.run is not None or known.epoch != epoch:
        return None
    if {scope.hex: counter for scope, counter in known.since.items()} != _moved(heads):
        return None
    posts = [*zip(kinds, places, strict=True), *zip(inherited_kinds, inherited_from, strict=True)]
    rights = _rights(path=path, ended=ended, posts=posts, standings=standings or ())
    if known.rights != rights and known.rights != _with_gaps(rights, notices):
        return None
    return renewed(cursor, member_id=member_id, keys=keys)


def _moved(heads: Mapping[str, int]) -> dict[str, int]:
    return {scope.replace("-", ""): counter for scope, counter in heads.items() if counter}


_HEADS = text("""
SELECT mine.id, coalesce(s.counter, 0) AS counter, coalesce(s.floor, 0) AS floor,
       (SELECT epoch FROM sync_epochs ORDER BY began_at DESC, epoch LIMIT 1) AS epoch
FROM unnest(CAST(:scopes AS uuid[])) AS mine(id) LEFT JOIN scopes AS s ON s.id = mine.id
""")

# An object may have a row in several scopes: grouped, so that it comes once, and in the order of its type and id, which
# stays when others change meanwhile. What changes after the run began has a higher counter: the next run brings it.
_PAGE = text("""
SELECT c.object_type, c.object_id, max(c.version) AS version, bool_and(c.op = 'delete') AS is_gone,
       bool_or(c.op = 'delete') AS may_be_gone, (array_agg(c.scope_id ORDER BY c.scope_id))[1] AS scope_id
FROM unnest(CAST(:scopes AS uuid[]), CAST(:since AS bigint[]), CAST(:until AS bigint[])) AS mine(id, since, until)
JOIN changes AS c ON c.scope_id = mine.id AND c.counter > mine.since AND c.counter <= mine.until
WHERE (c.object_type, c.object_id) > (CAST(:after_type AS text), CAST(:after_id AS uuid))
GROUP BY c.object_type, c.object_id
HAVING NOT (:is_first AND bool_and(c.op = 'delete'))
ORDER BY c.object_type, c.object_id
LIMIT :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the member stands today: the scopes that are theirs, and a digest of all that their view depends on."""

    scopes: tuple[UUID, ...]
    rights: str
    rights_with_gaps: str


async def get_changes(
    session: Session, viewer: Viewer, *, cursor: str | None, limit: int, keys: TokenKeys
) -> ChangePage:
    """Return a page of what the member may see and what changed since the cursor; without one, everything.

    Raises CursorInvalid, and SyncCursorExpired where the server cannot read it any more, or something that was deleted
    cannot be told any more.
    """
    actor = viewer.actor
    known = read_cursor(cursor, member_id=actor.member_id, keys=keys) if cursor else None
    place = await _find_place(session, actor, viewer.notices)
    rows = (await session.execute(_HEADS, {"scopes": list(place.scopes)})).all()
    counters = {row.id: row.counter for row in rows}
    start = _start(known, place, epoch=rows[0].epoch, counters=counters, floors={row.id: row.floor for row in rows})
    run, since = start.run, start.since
    assert run is not None
    dropped = known.scopes.difference(place.scopes) if known else frozenset()
    items = [_drop(scope) for scope in sorted(dropped)]
    found = await _find_rows(session, run, since=since, limit=limit + 1)
    shown = [row for row in found[:limit] if row.object_type in _RESOURCES]
    views = await _show(session, viewer, shown, run=run)
    items += views
    if len(shown) < len(found[:limit]) or _has_unknown_notice(views, viewer.notices):
        start = replace(start, rights=place.rights_with_gaps)
    is_over = len(found) <= limit
    if not is_over:
        last = found[limit - 1]
        reached = replace(start, run=replace(run, after=(last.object_type, last.object_id)))
    else:
        reached = replace(start, since=run.until, run=None)
    return ChangePage(
        items=items,
        next_cursor=write_cursor(reached, member_id=actor.member_id, keys=keys),
        # A run that took its time may end with news.
        has_more=not is_over or any(counter > run.until.get(scope, 0) for scope, counter in counters.items()),
    )


async def _find_place(session: Session, actor: Actor, notices: Notices) -> _Place:
    """Find the member's scopes: themself, their line of organisations and those where they are guest or hold a post.

    What ended while they belonged to it stays one of them, since its papers stay theirs to read.
    """
    standings = (await session.execute(_select_standings(literal(actor.member_id, Uuid), session.today()))).all()
    guest_of = {scope for row in standings if row.kind == StandingKind.temporary_guest for scope in row.path}
    held = {post.organisation_id for post in (*actor.posts, *actor.inherited) if post.kind in _POSTS}
    rights = _rights(
        path=actor.path,
        ended=actor.ended,
        posts=[(post.kind, post.organisation_id) for post in (*actor.posts, *actor.inherited)],
        standings=[(row.kind, row.path, row.away) for row in standings],
    )
    return _Place(
        scopes=tuple(sorted({actor.member_id, *actor.path, *actor.ended, *guest_of, *held})),
        rights=rights,
        rights_with_gaps=_with_gaps(rights, notices),
    )


def _select_standings(member_id: SQLColumnExpression[UUID], on: Day) -> Select[StandingKind, list[UUID], bool]:
    away = exists().where(AwayPeriod.member_id == member_id, holds_on(AwayPeriod.starts_on, AwayPeriod.ends_on, on))
    return (
        select(Standing.kind, Organisation.path, away.label("away"))
        .join(Organisation, Organisation.id == Standing.organisation_id)
        .where(Standing.member_id == member_id, holds_on(Standing.starts_on, Standing.ends_on, on))
    )


def _rights(
    *,
    path: Iterable[object],
    ended: Iterable[object],
    posts: Iterable[tuple[object, object]],
    standings: Iterable[tuple[object, Sequence[object], bool]],
) -> str:
    known_by = [
        *(f"path {scope}" for scope in path),
        *(f"ended {scope}" for scope in ended),
        *(f"post {kind} {organisation}" for kind, organisation in posts),
        # A host's line is the guest's too, and may come to hang elsewhere; one's own is the path.
        *(
            f"{kind} {' '.join(map(str, line if kind == StandingKind.temporary_guest else line[-1:]))} {away}"
            for kind, line, away in standings
        ),
    ]
    return hashlib.sha256("\n".join(sorted(known_by)).encode()).hexdigest()[:16]


def _with_gaps(rights: str, notices: Notices) -> str:
    """Return the rights of a phone that was passed over what only a newer release knows, while several are at work.

    A release that knows other types takes them for other rights, and so tells everything again.
    """
    known = (rights, *sorted(_RESOURCES), *sorted(by_type(notices)))
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:16]


def _has_unknown_notice(views: Iterable[ChangeView], notices: Notices) -> bool:
    known = by_type(notices)
    return any(view.type == "notification" and view.resource and view.resource["type"] not in known for view in views)


def _start(known: Cursor | None, place: _Place, *, epoch: UUID, counters: Counters, floors: Counters) -> Cursor:
    """Return the cursor that this page is read from, with its run: a new one, or the one that is under way."""
    if known is None:
        run = Run(until=counters, is_first=True, is_whole=False)
        return Cursor(epoch=epoch, rights=place.rights, run=run)
    if known.epoch != epoch:
        raise SyncCursorExpired
    since = {scope: known.since[scope] for scope in place.scopes if scope in known.since}
    for scope, counter in since.items():
        if not floors[scope] <= counter <= counters[scope]:
            raise SyncCursorExpired
    is_same = known.rights in {place.rights, place.rights_with_gaps}
    if is_same and known.run is not None:
        return replace(known, since=since)
    run = Run(until=counters, is_first=False, is_whole=not is_same)
    return Cursor(epoch=epoch, rights=known.rights if is_same else place.rights, since=since, run=run)


async def _find_rows(session: Session, run: Run, *, since: Counters, limit: int) -> Sequence[Row[Any]]:
    # Any: a row of many columns.
    begin = {} if run.is_whole else since
    moved = [scope for scope, counter in run.until.items() if counter > begin.get(scope, 0)]
    if not moved:
        return ()
    found = await session.execute(
        _PAGE,
        {
            "scopes": moved,
            "since": [begin.get(scope, 0) for scope in moved],
            "until": [run.until[scope] for scope in moved],
            "after_type": run.after[0],
            "after_id": run.after[1],
            "is_first": run.is_first,
            "limit": limit,
        },
    )
    return found.all()


async def _show(session: Session, viewer: Viewer, rows: Sequence[Row[Any]], *, run: Run) -> list[ChangeView]:
    """Load the rows' objects, a type at a time, and say of each what the phone has to do."""
    wanted: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        if not row.is_gone:
            wanted[row.object_type].append(row.object_id)
    views = {
        kind: {view.id: view for view in await _RESOURCES[kind].load(session, viewer, ids)}
        for kind, ids in wanted.items()
    }
    hidden = set[UUID]()
    for kind, ids in wanted.items():
        select_hidden, missing = _RESOURCES[kind].hidden, set(ids) - views[kind].keys()
        if select_hidden is not None and missing:
            hidden.update(await session.scalars(select_hidden(missing)))
    return list(_items(rows, views, hidden, run=run))


def _items(
    rows: Sequence[Row[Any]], views: Mapping[str, Mapping[UUID, View]], hidden: Collection[UUID], *, run: Run
) -> Iterator[ChangeView]:
    for row in rows:
        view = views.get(row.object_type, {}).get(row.object_id)
        if view is None:
            was_never_shown = _RESOURCES[row.object_type].stays or row.object_id in hidden
            # Beside news in one scope it may have been deleted in another: for them, it was there.
            never_seen = not row.may_be_gone and not run.is_whole and was_never_shown
            if run.is_first or never_seen:
                continue
        yield ChangeView(
            type=row.object_type,
            id=row.object_id,
            op=ChangeOp.delete if view is None else ChangeOp.upsert,
            version=view.edition() if isinstance(view, Versioned) else row.version,
            scope_id=row.scope_id,
            resource=None if view is None else view.model_dump(mode="json", by_alias=True),
        )


def _drop(scope: UUID) -> ChangeView:
    return ChangeView(type="scope", id=scope, op=ChangeOp.drop_scope, version=0, scope_id=scope, resource=None)

"""Who asks, as a hot read knows them: the first part of its one statement, which the rest of it is written upon.

`enter_as` judges the session and tells the transaction who asks, as for any other request (`kernel.context`); it gives
no row for whoever is nobody, and then the statement has none. Everything else of the statement is read after it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
)

from app.kernel.security import COMMITTEE, ORGANISERS, PostKind

ACCOUNT: BindParameter[UUID] = bindparam("asking_account", None, Uuid())
NOW: BindParameter[datetime] = bindparam("asking_now", None, DateTime(timezone=True))
TODAY: BindParameter[date] = bindparam("asking_today", None, Date())

_UUIDS, _TEXTS = ARRAY(Uuid()), ARRAY(Text())
_entered = func.enter_as(
    ACCOUNT, bindparam("asking_session", None, Uuid()), NOW, TODAY, bindparam("asking_unproven", None, _TEXTS)
).table_valued(
    column("member_id", Uuid()),
    column("organisation_id", Uuid()),
    column("path", _UUIDS),
    column("time_zone", Text()),
    column("kinds", _TEXTS),
    column("organisations", _UUIDS),
    column("inherited_kinds", _TEXTS),
    column("inherited_from", _UUIDS),
    column("ended", _UUIDS),
    name="entered",
)


def _held(asking: FromClause, kinds: Iterable[PostKind], *, inherited: bool = False) -> ColumnElement[list[UUID]]:
    held_there = [asking.c.kinds, asking.c.organisations]
    merged = [asking.c.inherited_kinds, asking.c.inherited_from]
    arrays = [one.op("||")(more) for one, more in zip(held_there, merged, strict=True)] if inherited else held_there
    held = (
        func.unnest(*arrays)
        .table_valued(column("kind", Text()), column("organisation_id", Uuid()), name="held")
        .render_derived()
    )
    places = select(held.c.organisation_id).where(held.c.kind.in_(sorted(kinds)))
    return func.array(places.scalar_subquery(), type_=_UUIDS)


ASKING = (
    select(
        _entered,
        _entered.c.ended.op("||")(_entered.c.organisation_id).label("homes"),
        _held(_entered, COMMITTEE).label("seats"),
        _held(_entered, ORGANISERS).op("||")(_entered.c.inherited_from).label("organised"),
    )
    .select_from(_entered)
    .cte("asking")
    .prefix_with("MATERIALIZED")
)
"""One row: what `enter_as` says, and what follows from it. A screen's outermost FROM begins with it."""


def _the(name: str) -> ColumnElement[Any]:
    # Any: of several types. As a subquery it is read once a statement.
    found = ASKING.c[name]
    return cast(select(found).scalar_subquery(), found.type)  # bare, ANY would take it for rows of arrays


ME: ColumnElement[UUID] = _the("member_id")
PATH: ColumnElement[list[UUID]] = _the("path")
"""From the root of the tree to the member's branch."""
ZONE: ColumnElement[str] = _the("time_zone")
"""Of the place where the member is today."""
HOMES: ColumnElement[list[UUID]] = _the("homes")
"""The member's branch, and the organisations that ended while they belonged to them."""
ENDED: ColumnElement[list[UUID]] = _the("ended")
"""The latter alone."""
INHERITED: ColumnElement[list[UUID]] = _the("inherited_from")
"""Organisations that were merged into one where the member holds an organiser's post."""
SEATS: ColumnElement[list[UUID]] = _the("seats")
"""The organisations on whose committee the member sits."""
ORGANISED: ColumnElement[list[UUID]] = _the("organised")
"""Those whose meetings the member calls, and those merged into them."""


def held_as(kinds: Iterable[PostKind]) -> ColumnElement[list[UUID]]:
    """Return the organisations in which the member holds a post of one of the kinds, or which were merged into one.

    The latter for an organiser's post, as `Reader.inherited` says.
    """
    held = select(_held(ASKING, kinds, inherited=True)).select_from(ASKING)
    found: ColumnElement[Any] = cast(held.scalar_subquery(), _UUIDS)
    return found

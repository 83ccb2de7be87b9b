"""What a transaction knows of who asks: custom settings of its own, which row-level security and hot reads stand on.

`enter_as` and `knock`, two functions of the database, write them: the one for an account whose session is judged, the
other for who brings a proof and is nobody yet. They end with the transaction; after a rollback within one unit of work
the session writes them anew. Outside of it, and until somebody asks, they are empty, and empty means nobody.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Connection, Uuid, cast, event, func, select
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.types import TypeEngine

KEPT = "asking"
"""Where a session's `info` keeps its context, by name of setting."""


class AskingSession(Session):
    """A session whose later transactions know who asks as the first one did."""


def keep(session: Session, context: dict[str, str]) -> None:
    """Remember for the unit of work what its transaction was just told."""
    session.info[KEPT] = context


@event.listens_for(AskingSession, "after_begin")
def _tell(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    context: dict[str, str] | None = session.info.get(KEPT)
    if context and not transaction.nested:
        connection.execute(select(*(func.set_config(f"sotay.{name}", value, True) for name, value in context.items())))


def _setting(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    # Once set, a setting is '' and not null after its transaction. As a subquery it is read once a statement.
    return select(cast(func.nullif(func.current_setting(f"sotay.{name}", True), ""), kind)).scalar_subquery()


ACCOUNT: ColumnElement[UUID] = _setting("account_id", Uuid())
MEMBER: ColumnElement[UUID] = _setting("member_id", Uuid())
PATH: ColumnElement[list[UUID]] = _setting("path", ARRAY(Uuid()))
"""From the root of the tree to the member's branch."""
HOMES: ColumnElement[list[UUID]] = _setting("homes", ARRAY(Uuid()))
"""The branch, and the organisations that ended while the member belonged to them."""
ENDED: ColumnElement[list[UUID]] = _setting("ended", ARRAY(Uuid()))
"""The latter alone."""
SEATS: ColumnElement[list[UUID]] = _setting("seats", ARRAY(Uuid()))
"""The organisations on whose committee the member sits."""
SIGHT: ColumnElement[list[UUID]] = _setting("sight", ARRAY(Uuid()))
"""Organisations whose rows may be met: those above, and where the member is, was or holds or held a post."""
ROOTS: ColumnElement[list[UUID]] = _setting("roots", ARRAY(Uuid()))
"""Organisations whose whole subtree may be met: the branch, and where a post is held."""

"""What a transaction knows of who asks: custom settings of its own, which row-level security and hot reads stand on.

`enter_as` and `knock`, two functions of the database, write them: the one for an account whose session is judged, the
other for who brings a proof and is nobody yet. They end with the transaction; after a rollback within one unit of work
the session writes them anew. Outside of it, and until somebody asks, they are empty, and empty means nobody.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Connection, Text, Uuid, bindparam, cast, event, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.types import TypeEngine

KEPT = "asking"
"""Where a session's `info` keeps its context, by name of setting."""


class AskingSession(Session):
    """A session whose later transactions know who asks as the first one did."""


class Door(StrEnum):
    """What a proof is found by; each names its parts to `knock`."""

    phone = "phone"
    activation_code = "activation_code"
    """The selector, which is no secret."""
    refresh_token = "refresh_token"  # noqa: S105 a kind of proof, not one
    """Its SHA-256 in hexadecimal."""
    identity = "identity"
    """The provider's name and the subject."""
    calendar = "calendar"
    """The SHA-256 of the address's secret, in hexadecimal."""


_HOLD = text("SELECT set_config('sotay.keys', CAST(:keys AS text[])::text, true)")
_REACH = text("""
SELECT set_config('sotay.sight', (CAST(nullif(current_setting('sotay.sight', true), '') AS uuid[])
                                  || CAST(:more AS uuid[]))::text, true)
""")
_KNOCK = (
    text("SELECT knock(:door, :proof) AS asking")
    .bindparams(bindparam("proof", type_=ARRAY(Text())))
    .columns(asking=JSONB())
)


async def knock(session: AsyncSession, door: Door, *proof: str) -> None:
    """Let the unit of work meet what belongs to the account behind a proof; behind a wrong one is nobody.

    Whether the proof is good, and the account lasts, is not judged here.
    """
    row = (await session.execute(_KNOCK, {"door": door.value, "proof": list(proof)})).one()
    keep(session.sync_session, row.asking)


async def hold(session: AsyncSession, *keys: str | None) -> None:
    """Let the unit of work meet whose number or token these are, wherever they belong: it has to know them taken."""
    held = await session.scalar(_HOLD, {"keys": [key for key in keys if key]})
    keep(session.sync_session, {**session.sync_session.info.get(KEPT, {}), "keys": held})


async def meet(session: AsyncSession, members: Iterable[UUID]) -> None:
    """Let the unit of work meet these people, whatever leads to them: what names them is shown to who asks.

    Only after it has been judged whether who asks may know of that; instead of what was held before.
    """
    await hold(session, *(f"member:{member_id}" for member_id in members))


async def reach(session: AsyncSession, *organisations: UUID) -> None:
    """Let the unit of work meet the rows of organisations out of sight: to end what began there, or name who is there.

    Only after it has been judged whether who asks may.
    """
    kept = session.sync_session.info.get(KEPT)
    if kept is None:  # a worker meets every row
        return
    sight = await session.scalar(_REACH, {"more": list(organisations)})
    keep(session.sync_session, {**kept, "sight": sight})


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

"""Commands of the pace: take a turn for a chunk, and give back what it did not need (reliability-security.md 4).

A chunk takes its tokens whole, as soon as the bucket is above a mark, and may leave it in debt: no turn is ever too
large. The marks are what makes it fair, in seconds' worth of tokens: urgent pushes go above 0, others only above 0.2,
so that the rest is there for an urgent one; and an organisation that has had its even share of late stands 0.1 above
one that has not. Nobody is held back while nobody else asks.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from app.kernel.clock import Clock
from app.kernel.db import Database
from app.kernel.jobs import Lane

_TAKE = text("""
SELECT organisation, is_urgent, waits, charged
FROM take_push_turn(:notification, :wanted, :may_hurry, :per_second, CAST(:at AS timestamptz))
""")
_SETTLE = text("SELECT settle_push_turn(:organisation, :is_urgent, :unused, :uncharged)")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many pushes may leave in a second, from all workers; without a `clock`, by the database's."""

    per_second: int
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a chunk was told: go, having taken `taken` tokens, or ask again when `waits` is over."""

    organisation_id: UUID
    is_urgent: bool
    taken: int
    charged: timedelta
    waits: timedelta | None

    @property
    def lane(self) -> Lane:
        """The queue that the chunk waits in."""
        return Lane.urgent if self.is_urgent else Lane.bulk


async def take_turn(
    database: Database, pace: Pace, notification_id: UUID, *, wanted: int, may_hurry: bool = True
) -> Turn:
    """Take `wanted` tokens for pushes of a notice, or find out when to ask again.

    What leaves the bucket is committed by the server itself: a worker that dies or stands still holds up nobody.
    `may_hurry` False is for what is not urgent even of an urgent notice.
    """
    row = await database.at_once(
        _TAKE,
        {
            "notification": notification_id,
            "wanted": wanted,
            "may_hurry": may_hurry,
            "per_second": float(pace.per_second),
            "at": pace.clock() if pace.clock else None,
        },
    )
    return Turn(
        organisation_id=row.organisation,
        is_urgent=row.is_urgent,
        taken=wanted,
        charged=row.charged,
        waits=row.waits,
    )


async def settle(database: Database, turn: Turn, *, used: int) -> None:
    """Give back the tokens of a turn that were not needed; a full chunk costs nothing here."""
    unused = turn.taken - used
    if unused == 0:
        return
    await database.at_once(
        _SETTLE,
        {
            "organisation": turn.organisation_id,
            "is_urgent": turn.is_urgent,
            "unused": unused,
            "uncharged": turn.charged * unused / turn.taken,
        },
    )

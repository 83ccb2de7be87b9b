"""Identifiers: UUIDv7, whose first 48 bits are the millisecond of their making."""

from datetime import datetime
from uuid import UUID

import uuid_utils

_COUNTER_BITS = 12
_COUNTER_SHIFT = 64
_COUNTER_MASK = ((1 << _COUNTER_BITS) - 1) << _COUNTER_SHIFT


def new_id(at: datetime, *, count: int = 0) -> UUID:
    """Make the id of something that comes into being at the instant `at` (aware), as the `count`-th of its maker.

    The count takes the 12 bits behind the millisecond (RFC 9562, 6.2, method 1), so that the ids of one unit of work
    rise in the order they are made; 62 bits stay random. Tables partitioned by month need no second column to say which
    month a row belongs to.
    """
    made = uuid_utils.uuid7(nanoseconds=int(at.timestamp() * 1_000_000) * 1_000).int
    return UUID(int=made & ~_COUNTER_MASK | (count << _COUNTER_SHIFT & _COUNTER_MASK))


def least_beside(id_: UUID) -> UUID:
    """Return the least id of the same millisecond and count: what the same unit of work made before lies below it."""
    return UUID(int=id_.int >> _COUNTER_SHIFT << _COUNTER_SHIFT)

"""Reads of the lanes."""

from collections.abc import Mapping

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.push import Platform
from app.notifications.lanes.circuit import IN_ORDER, LaneState
from app.notifications.lanes.models import PushLane

Lanes = Mapping[Platform, LaneState]
"""Every platform's."""


async def find_lanes(session: Session) -> Lanes:
    """Return what all workers know of each lane."""
    rows = await session.scalars(select(PushLane).execution_options(populate_existing=True))
    return dict.fromkeys(Platform, IN_ORDER) | {row.platform: state_of(row) for row in rows}


def state_of(row: PushLane) -> LaneState:
    """Return a row as the circuit reads it."""
    return LaneState(
        busy_until=row.busy_until,
        failing_since=row.failing_since,
        failed_at=row.failed_at,
        opened_at=row.opened_at,
        probe_at=row.probe_at,
        reason=row.reason,
    )

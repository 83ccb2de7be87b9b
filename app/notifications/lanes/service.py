"""Commands of the lanes: write down what came of some sends, take the one probe of an open circuit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.push import Outcome, Platform, Target
from app.notifications.lanes.circuit import IN_ORDER, LaneState, Report, judge, report
from app.notifications.lanes.models import PushLane
from app.notifications.lanes.queries import Lanes, find_lanes, state_of

log = structlog.get_logger()


async def report_all(
    session: Session,
    targets: Iterable[Target],
    results: Mapping[UUID, Outcome],
    lanes: Lanes,
    *,
    probes: Collection[UUID] = (),
) -> None:
    """Let all workers know how the lanes do; of lanes that are in order, and stay so, nothing is written.

    `probes` are the devices that were to find out whether an open circuit may be closed.
    """
    by_lane: dict[Platform, list[UUID]] = defaultdict(list)
    for target in targets:
        by_lane[target.platform].append(target.device_id)
    reports: dict[Platform, Report] = {}
    for platform, devices in sorted(by_lane.items()):
        outcomes = [results[device] for device in devices if device in results]
        said = report(outcomes, is_probe=any(device in probes for device in devices))
        if said.is_trouble or lanes[platform] != IN_ORDER:
            reports[platform] = said
    if not reports:
        return
    # Looked at without a lock: of some that failed among many that got through nothing is written, and a lock would
    # have all workers wait for each other's commits.
    known = await find_lanes(session)
    for platform, said in reports.items():
        if judge(known[platform], said, now=session.now()) != known[platform]:
            await report_on(session, platform, said)


async def report_on(session: Session, platform: Platform, said: Report) -> None:
    """Bring a lane's state up to date; of two workers at once the second goes on from what the first wrote.

    A circuit that opens is an alert (`push_lane_opened`): somebody must look after the keys, or Google is away.
    """
    now = session.now()
    await session.execute(insert(PushLane).values(platform=platform, changed_at=now).on_conflict_do_nothing())
    wanted = select(PushLane).where(PushLane.platform == platform).with_for_update()
    lane = (await session.scalars(wanted.execution_options(populate_existing=True))).one()
    before = state_of(lane)
    after = judge(before, said, now=now)
    if after == before:
        return
    for name, value in asdict(after).items():
        setattr(lane, name, value)
    lane.changed_at = now
    await session.flush()
    _tell(platform, before, after)


def _tell(platform: Platform, before: LaneState, after: LaneState) -> None:
    code = (after.reason or "").split(":")[0]
    if after.is_open and not before.is_open:
        log.error("push_lane_opened", platform=platform.value, reason=code, probe_at=str(after.probe_at))
    elif before.is_open and not after.is_open:
        log.warning("push_lane_closed", platform=platform.value)
    elif after.busy_until is not None and after.busy_until != before.busy_until:
        log.warning("push_lane_busy", platform=platform.value, reason=code, until=str(after.busy_until))


async def take_probe(session: Session, platform: Platform, *, answered_within: timedelta) -> bool:
    """Say whether this worker is the one that probes an open lane now; the others look again when it was answered."""
    now = session.now()
    wanted = select(PushLane).where(PushLane.platform == platform).with_for_update(skip_locked=True)
    lane = (await session.scalars(wanted.execution_options(populate_existing=True))).one_or_none()
    if lane is None or not state_of(lane).lets_probe_through(now):
        return False
    lane.probe_at = now + answered_within
    await session.flush()
    return True

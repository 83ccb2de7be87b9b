"""Commands of the dismissal: tell phones, without a sound, to take away a notice that was read or no longer holds.

It is a courtesy, so it is tried once: the deliveries are marked as dismissed before anything is sent, and what fails
then is not sent again. It goes in the quiet hours too, since it shows nothing, and with the tokens of bulk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from app.kernel.db import Session, synchronised
from app.kernel.jobs import JobArguments, Lane, hand_over
from app.kernel.push import Dismissal, Sent, Target
from app.notifications.dispatch.service import PostOffice
from app.notifications.lanes.queries import Lanes, find_lanes
from app.notifications.lanes.service import report_all
from app.notifications.leases.service import take_away_tokens
from app.notifications.owing import target_of
from app.notifications.pace.service import settle, take_turn
from app.notifications.service import CHUNK_SIZE, DISMISS_TASK

log = structlog.get_logger()

KEPT_FOR = timedelta(hours=24)
"""How long the push service keeps it for a phone that is away."""

_CLAIM = text("""
UPDATE deliveries SET dismissed_at = :now
FROM (
    SELECT devices.*
    FROM deliveries AS shown JOIN devices ON devices.id = shown.device_id
    WHERE shown.notification_id = :notification AND shown.outcome = 'sent' AND shown.dismissed_at IS NULL
        AND shown.digest_count IS NULL AND devices.push_token IS NOT NULL
        AND devices.platform = ANY (CAST(:platforms AS text[]))
        AND (CAST(:account AS uuid) IS NULL OR devices.account_id = :account)
        AND devices.installation_id IS DISTINCT FROM CAST(:installation AS uuid)
    LIMIT :most
    FOR UPDATE OF shown SKIP LOCKED
) AS told
WHERE deliveries.notification_id = :notification AND deliveries.device_id = told.id
RETURNING told.id AS device_id, told.platform, told.push_token, told.locale, told.time_zone, told.device_name
""")

_LAST_LEASE = text("""
SELECT max(leased_until) - clock_timestamp() FROM deliveries JOIN devices ON devices.id = device_id
WHERE notification_id = :notification AND outcome IS NULL AND leased_until > clock_timestamp()
    AND (CAST(:account AS uuid) IS NULL OR devices.account_id = :account)
    AND devices.installation_id IS DISTINCT FROM CAST(:installation AS uuid)
""")


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A notice to take away from all phones, or from one account's except for the installation it was read on."""

    notification_id: UUID
    account_id: UUID | None
    read_on: UUID | None


async def dismiss(office: PostOffice, dismissed: Dismissed, *, job_id: int | None = None) -> None:
    """Take a notice away from up to 500 phones that show it, and defer a job for the others.

    A push that is on its way at this moment is taken away when its lease has ended. `job_id` is the job's that runs.
    """
    turn = await take_turn(office.database, office.pace, dismissed.notification_id, wanted=CHUNK_SIZE, may_hurry=False)
    if turn.waits is not None:
        async with synchronised(office.database) as session:
            await _again(session, job_id, dismissed, turn.waits)
        return
    async with synchronised(office.database) as session:
        lanes = await find_lanes(session)
        free = [platform for platform, lane in lanes.items() if lane.lets_all_through(session.now())]
        whose = {
            "notification": dismissed.notification_id,
            "account": dismissed.account_id,
            "installation": dismissed.read_on,
        }
        rows = await session.execute(_CLAIM, {**whose, "platforms": free, "most": CHUNK_SIZE, "now": session.now()})
        targets = [target_of(row) for row in rows]
        rest = timedelta() if len(targets) == CHUNK_SIZE else await session.scalar(_LAST_LEASE, whose)
        if rest is not None:
            await _again(session, job_id, dismissed, rest)
    await settle(office.database, turn, used=len(targets))
    if targets:
        await _send(office, dismissed.notification_id, targets, lanes)


async def _again(session: Session, job_id: int | None, dismissed: Dismissed, after: timedelta) -> None:
    arguments: JobArguments = {
        "notification_id": str(dismissed.notification_id),
        "account_id": str(dismissed.account_id) if dismissed.account_id else None,
        "read_on": str(dismissed.read_on) if dismissed.read_on else None,
    }
    at = session.now() + after if after else None
    await hand_over(session, job_id, DISMISS_TASK, arguments, lane=Lane.bulk, at=at)


async def _send(office: PostOffice, notification_id: UUID, targets: Sequence[Target], lanes: Lanes) -> None:
    now = office.clock()
    message = Dismissal(notification_id=notification_id, expires_at=now + KEPT_FOR)
    results = await office.sender.send(message, targets, until=now + office.lease)
    async with synchronised(office.database) as session:
        await take_away_tokens(session, targets, results)
        await report_all(session, targets, results, lanes)
    log.info(
        "notice_dismissed",
        notification_id=str(notification_id),
        told=len(targets),
        sent=sum(isinstance(outcome, Sent) for outcome in results.values()),
    )

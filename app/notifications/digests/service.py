"""Commands of the digest: more than five notices within ten minutes reach a phone as one line.

Only what is not urgent is gathered, and only from the notice's own organisation and those above it. Whichever of the
notices is sent to the phone next carries the digest and stays owed until that was taken over; the others that were
still owed end as gathered into it, and are owed again where it is withdrawn, or refused as a message: then each by
itself (`owing`). All of them stand in the inbox, which is where the digest leads. Every digest has the same tag: the
next one takes the place of the last. It waits for a phone that is away as long as the last notice in it holds: to the
phone they are one push.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.push import Channel, Outcomes, PushMessage, PushSender, Target
from app.notifications.leases.service import Leased
from app.notifications.models import Notification
from app.notifications.owing import find_ends

MOST = 5
WITHIN = timedelta(minutes=10)
LOOKED_BACK = timedelta(hours=12)
"""Quiet hours hold pushes for eight hours, and all of them are let go at once."""
BODY = Text(vi="Có {count} thông báo mới", en="{count} new notices")


@dataclass(frozen=True, slots=True)
class Digest:
    """How many notices a digest stands for, and until when the last of them holds."""

    count: int
    expires_at: datetime


_OTHERS = text("""
SELECT notifications.id FROM notifications
WHERE organisation_id = ANY (
        SELECT unnest(organisations.path) FROM organisations WHERE organisations.id = :organisation
    )
    AND id >= uuid_v7_floor(:looked_back) AND id <> :notification
    AND NOT urgent AND NOT breaks_quiet_hours AND withdrawn_at IS NULL AND expires_at > :now
""")

_CROWDED = text("""
SELECT device_id, count(*) + 1 AS notices, max(notifications.expires_at) AS expires_at
FROM deliveries JOIN notifications ON notifications.id = notification_id
JOIN devices ON devices.id = device_id JOIN accounts ON accounts.id = devices.account_id
WHERE notification_id = ANY (:others) AND device_id = ANY (:devices)
    AND (outcome IS NULL OR (finished_at > :recently AND (outcome = 'sent' OR reason LIKE 'gathered%')))
    AND NOT EXISTS (
        SELECT FROM inbox_entries AS read
        WHERE read.member_id = accounts.member_id AND read.notification_id = deliveries.notification_id
            AND read.read_at IS NOT NULL
    )
GROUP BY device_id HAVING count(*) >= :most
""")

# What another worker holds at this moment is its own affair.
_GATHER = text("""
UPDATE deliveries
SET outcome = 'withdrawn', reason = 'gathered: ' || CAST(:notification AS uuid), finished_at = :now, leased_until = NULL
FROM (
    SELECT notification_id, device_id FROM deliveries
    WHERE notification_id = ANY (:others) AND device_id = ANY (:devices) AND outcome IS NULL
        AND (leased_until IS NULL OR leased_until < clock_timestamp())
    FOR UPDATE SKIP LOCKED
) AS free
WHERE deliveries.notification_id = free.notification_id AND deliveries.device_id = free.device_id
""")

_CARRY = text("""
UPDATE deliveries SET digest_count = digest.notices
FROM unnest(CAST(:devices AS uuid[]), CAST(:counts AS int[])) AS digest(device_id, notices)
WHERE notification_id = :notification AND deliveries.device_id = digest.device_id
""")

_CARRIED = text("""
SELECT device_id, digest_count FROM deliveries
WHERE notification_id = :notification AND device_id = ANY (:devices) AND digest_count IS NOT NULL
""")


async def gather(session: Session, notification: Notification, leased: Sequence[Leased]) -> dict[UUID, Digest]:
    """Return the devices, of those just leased, that get a digest instead, each with its digest."""
    if notification.urgent or notification.breaks_quiet_hours or not leased:
        return {}
    now = session.now()
    digests: dict[UUID, Digest] = {}
    again = [one.target.device_id for one in leased if one.fence > 1]
    if again:
        carried = await session.execute(_CARRIED, {"notification": notification.id, "devices": again})
        counts: dict[UUID, int] = {row.device_id: row.digest_count for row in carried}
        ends = await find_ends(session, notification, counts) if counts else {}
        digests = {device_id: Digest(count, ends[device_id]) for device_id, count in counts.items()}
    others = (
        await session.scalars(
            _OTHERS,
            {
                "organisation": notification.organisation_id,
                "looked_back": now - LOOKED_BACK,
                "notification": notification.id,
                "now": now,
            },
        )
    ).all()
    if len(others) < MOST:
        return digests
    # What was begun before may be on the phone already, under its own tag: it comes again as what it was.
    devices = [one.target.device_id for one in leased if one.fence == 1]
    crowded = await session.execute(
        _CROWDED, {"others": others, "devices": devices, "recently": now - WITHIN, "most": MOST}
    )
    found = {row.device_id: Digest(row.notices, max(row.expires_at, notification.expires_at)) for row in crowded}
    if found:
        these = {"notification": notification.id, "devices": list(found)}
        await session.execute(_GATHER, {**these, "others": others, "now": now})
        await session.execute(_CARRY, {**these, "counts": [digest.count for digest in found.values()]})
    return digests | found


async def send_gathered(
    sender: PushSender,
    message: PushMessage,
    targets: Sequence[Target],
    digests: Mapping[UUID, Digest],
    *,
    inbox: str,
    until: datetime,
    told: Outcomes,
) -> None:
    """Send the message, or to a device with a digest that one; see `PushSender.send`. `inbox` is where it leads."""
    by_digest: dict[Digest | None, list[Target]] = defaultdict(list)
    for target in targets:
        by_digest[digests.get(target.device_id)].append(target)
    for digest, some in by_digest.items():
        said = message if digest is None else _digest(message, digest, inbox)
        told |= await sender.send(said, some, until=until, told=told)


def _digest(message: PushMessage, digest: Digest, inbox: str) -> PushMessage:
    return replace(
        message,
        type="digest",
        channel=Channel.system,
        link=inbox,
        body=BODY.format(count=digest.count),
        expires_at=digest.expires_at,
        digest_count=digest.count,
    )

"""To which devices a notice is owed: those of the inboxes it is in, or of whoever a broad one addresses.

They are found a chunk at a time and written down as deliveries that are held already, so that a phone costs one insert
before its send, and one update after it. What ended in a digest's favour is owed again where that was withdrawn or
refused.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Row, Select, and_, bindparam, exists, or_, select, text, true

from app.identity.models import Account, Device
from app.identity.notices import WARNINGS
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.jobs import Lane, defer
from app.kernel.notices import Audience
from app.kernel.push import Platform, Target
from app.members.audiences.queries import addressed, is_addressed
from app.notifications.departures import find_departed
from app.notifications.models import Delivery, InboxEntry, Notification, NotificationPreference
from app.notifications.service import CHUNK_SIZE, DELIVER_TASK

FIRST_ID, LAST_ID = UUID(int=0), UUID(int=(1 << 128) - 1)
"""Borders of a range that has none: no device has the first id, and whatever has the last is within."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What `owe` wrote down: to these a notice is owed newly, and of them `held` are held under the fence 1.

    `border` is the last of 500 of a broad notice, behind which more may lie. `is_first`: nothing of the range was owed
    before, by nobody.
    """

    held: Sequence[Target]
    waiting_count: int
    border: UUID | None
    is_first: bool


_OWE = text("""
INSERT INTO deliveries (notification_id, device_id, device_platform, leased_until, fence, attempts)
SELECT :notification, device_id, platform, CASE WHEN is_held THEN clock_timestamp() + :lease END,
    is_held::int, is_held::int
FROM unnest(CAST(:devices AS uuid[]), CAST(:platforms AS text[]), CAST(:held AS boolean[]))
    AS owed(device_id, platform, is_held)
ON CONFLICT DO NOTHING
RETURNING device_id
""")

CHAINED_WITHIN = timedelta(days=2)
"""What is pushed still is a day old at most (api.md, Push), and so was at its time each digest that it went into."""

_RECENT = text("""
SELECT notifications.id, withdrawn_at IS NULL AND expires_at > :now AS holds FROM notifications
WHERE organisation_id = ANY (
        SELECT unnest(organisations.path) FROM organisations WHERE organisations.id = :organisation
    )
    AND id >= uuid_v7_floor(:looked_back) AND NOT urgent
""")

# What carried a digest may have been gathered into a later one itself.
_STOOD_FOR = """
WITH RECURSIVE stood_for AS (
    SELECT CAST(:notification AS uuid) AS notification_id, device_id
    FROM unnest(CAST(:devices AS uuid[])) AS carrier(device_id)
    UNION
    SELECT gathered.notification_id, gathered.device_id
    FROM stood_for JOIN deliveries AS gathered ON gathered.device_id = stood_for.device_id
        AND gathered.reason = 'gathered: ' || stood_for.notification_id
    WHERE gathered.notification_id = ANY (:recent)
)
"""

# A digest that was refused says nothing of the notice that carried it: this is owed too. Whatever was begun before
# carries no digest (`gather`).
_OWE_AGAIN = text(f"""
{_STOOD_FOR}
UPDATE deliveries
SET outcome = NULL, reason = NULL, finished_at = NULL, digest_count = NULL, fence = fence + CAST(:each_alone AS int)
FROM stood_for
WHERE deliveries.notification_id = stood_for.notification_id AND deliveries.device_id = stood_for.device_id
    AND deliveries.notification_id = ANY (:holding)
    AND (deliveries.reason LIKE 'gathered%' OR deliveries.outcome = 'rejected')
RETURNING deliveries.notification_id, deliveries.device_id
""")  # noqa: S608 only this module's own text is put together

_HOLDS_UNTIL = text(f"""
{_STOOD_FOR}
SELECT stood_for.device_id, max(notifications.expires_at) AS expires_at
FROM stood_for JOIN notifications ON notifications.id = stood_for.notification_id
GROUP BY stood_for.device_id
""")  # noqa: S608 only this module's own text is put together


async def owe(
    session: Session,
    notification: Notification,
    *,
    after: UUID | None,
    through: UUID | None,
    held_for: timedelta,
    may_leave: Callable[[Target], bool],
) -> Owed:
    """Write down which devices of a range a notice is owed to (None is no border), holding those that may be sent to.

    A broad notice is owed to 500 at a time. A worker that takes a range over finds the same ones, or, where a dead
    token was dropped meanwhile, some more.
    """
    values = {
        "notification": notification.id,
        "channel": notification.channel,
        "warning": notification.type in WARNINGS,
        "after": after or FIRST_ID,
        "through": through or LAST_ID,
    }
    # One range of all devices is given to an audience of few phones; of many, the next 500 are soon come upon.
    is_small = after is None and through is None
    if notification.audience is None or notification.addressed_on is None:
        wanted = _in_inboxes(is_small=is_small)
    else:
        wanted = _among(notification.audience, notification.addressed_on, is_small=is_small)
    rows = (await session.execute(wanted, values)).all()
    departed = await find_departed(session, notification, [row.device_id for row in rows if row.is_owed])
    targets = [target_of(row) for row in rows if row.is_owed and row.device_id not in departed]
    held = [may_leave(target) for target in targets]
    is_first = bool(rows) and not rows[0].is_known
    new: set[UUID] = set()
    if targets:
        ids, platforms = [target.device_id for target in targets], [target.platform.value for target in targets]
        owed = {
            "notification": notification.id,
            "devices": ids,
            "platforms": platforms,
            "held": held,
            "lease": held_for,
        }
        new = set(await session.scalars(_OWE, owed))
    last = rows[-1].device_id if notification.audience is not None and len(rows) == CHUNK_SIZE else None
    return Owed(
        held=[target for target, is_held in zip(targets, held, strict=True) if is_held and target.device_id in new],
        waiting_count=held.count(False),
        border=last if last != through else None,
        is_first=is_first and len(new) == len(targets),
    )


async def owe_again(
    session: Session, notification: Notification, ended: Sequence[Row[UUID, int | None]], *, each_alone: bool = False
) -> None:
    """Owe what was gathered into digests that will not be sent, and defer its chunks: each notice that still holds.

    `ended` are deliveries of the notice, each with its device and its `digest_count`. `each_alone`: the digests were
    refused, so that none of it, nor what carried it, is to carry one again.
    """
    carriers = [row.device_id for row in ended if row.digest_count is not None]
    if not carriers:
        return
    recent = await _find_recent(session, notification)
    rows = await session.execute(
        _OWE_AGAIN,
        {
            "notification": notification.id,
            "devices": carriers,
            "recent": [row.id for row in recent],
            "holding": [row.id for row in recent if row.holds],
            "each_alone": int(each_alone),
        },
    )
    # A phone each, since few lie side by side: a range names its devices without its beginning.
    chunks = [
        {
            "notification_id": str(row.notification_id),
            "after": str(UUID(int=max(row.device_id.int - 1, 0))),
            "through": str(row.device_id),
        }
        for row in sorted(rows, key=lambda row: (row.notification_id, row.device_id))
    ]
    await defer(session, DELIVER_TASK, *chunks, lane=Lane.bulk)


async def find_ends(session: Session, notification: Notification, devices: Collection[UUID]) -> dict[UUID, datetime]:
    """Return until when the digest holds that the notice carries to each device: as long as the last it stands for."""
    recent = [row.id for row in await _find_recent(session, notification)]
    rows = await session.execute(
        _HOLDS_UNTIL, {"notification": notification.id, "devices": list(devices), "recent": recent}
    )
    return {row.device_id: row.expires_at for row in rows}


async def _find_recent(session: Session, notification: Notification) -> Sequence[Row[UUID, bool]]:
    now = session.now()
    looked = {"organisation": notification.organisation_id, "looked_back": now - CHAINED_WITHIN, "now": now}
    return (await session.execute(_RECENT, looked)).all()


def target_of(row: Row[Any]) -> Target:
    """Return the device in a row with its columns, its id as `device_id`; Any: a row of many columns."""
    return Target(
        device_id=row.device_id,
        platform=Platform(row.platform),
        token=row.push_token,
        locale=Locale(row.locale),
        time_zone=row.time_zone,
        device_name=row.device_name or "",
    )


_devices = (
    select(
        Device.id.label("device_id"),
        Device.platform,
        Device.push_token,
        Device.locale,
        Device.time_zone,
        Device.device_name,
        Account.id.label("account_id"),
        Account.member_id,
    )
    .join(Account, and_(Account.id == Device.account_id, Account.disabled_at.is_(None)))
    .where(Device.push_token.is_not(None), Device.id > bindparam("after"), Device.id <= bindparam("through"))
    .order_by(Device.id)
)
_is_entry = and_(InboxEntry.member_id == Account.member_id, InboxEntry.notification_id == bindparam("notification"))
# Looked up for each device, which the limit sees to. Of a new notice the planner knows nothing, and takes its inboxes
# for one or none: it would begin with them, and go through ten thousand for each chunk of theirs.
_entry = select(InboxEntry.read_at).where(_is_entry).limit(1).correlate(Account).lateral("entry")


@lru_cache(maxsize=2)
def _in_inboxes(*, is_small: bool) -> Select[*tuple[Any, ...]]:
    """Any, here and below: a row of many columns."""
    if is_small:
        return _judged(_devices.add_columns(InboxEntry.read_at).join(InboxEntry, _is_entry))
    return _judged(_devices.add_columns(_entry.c.read_at).join(_entry, true()))


@lru_cache(maxsize=64)
def _among(audience: Audience, on: date, *, is_small: bool) -> Select[*tuple[Any, ...]]:
    """Keep the statement of each notice: putting it together costs more than its round trip."""
    is_meant = (
        Account.member_id.in_(addressed(audience, on)) if is_small else is_addressed(Account.member_id, audience, on)
    )
    return _judged(_devices.add_columns(_entry.c.read_at).outerjoin(_entry, true()).where(is_meant).limit(CHUNK_SIZE))


def _judged(devices: Select[*tuple[Any, ...]]) -> Select[Any]:
    """Say of each device whether the notice is owed to it: not if it was read, nor if its kind was switched off.

    A warning is owed whatever was read or switched off.
    """
    found = devices.cte("found")
    is_silenced = exists().where(
        NotificationPreference.account_id == found.c.account_id,
        NotificationPreference.kind == bindparam("channel"),
        NotificationPreference.channel == "push",
        NotificationPreference.enabled.is_(False),
    )
    is_known = exists().where(
        Delivery.notification_id == bindparam("notification"),
        Delivery.device_id > bindparam("after"),
        Delivery.device_id <= bindparam("through"),
    )
    return select(
        found,
        or_(bindparam("warning", type_=Boolean()), and_(found.c.read_at.is_(None), ~is_silenced)).label("is_owed"),
        select(is_known).scalar_subquery().label("is_known"),
    ).order_by(found.c.device_id)

"""Commands of telling people: expand a fact into inboxes and chunks, withdraw what no longer holds, read, wish."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from app.identity.models import Account, Device, LoginSession
from app.identity.notices import WARNINGS
from app.kernel.db import Database, Session
from app.kernel.events import EXPAND_TASK, record, select_fact
from app.kernel.jobs import JobArguments, Lane, defer, hand_over
from app.kernel.models import ChangeRow
from app.kernel.notices import Audience, Notices, by_code
from app.kernel.scopes import Change, Op
from app.kernel.security import Actor
from app.members.audiences.queries import addressed
from app.notifications.errors import NotificationNotFound
from app.notifications.events import NotificationsRead, PreferencesChanged
from app.notifications.models import Delivery, InboxEntry, Notification, NotificationPreference, Outcome
from app.notifications.queries import is_broad_and_unread, select_texted
from app.notifications.schemas import MarkRead, PreferencesReplace
from app.organisations.queries import hold_organisation

DELIVER_TASK = "notifications.deliver"
TEXT_TASK = "notifications.text"
DISMISS_TASK = "notifications.dismiss"
MOST_DISMISSED = 20
"""Notices that one reading takes off a member's other phones; older ones are seldom on a screen still."""
UNKNOWN_WAITS = timedelta(minutes=10)
"""How long a job is left of which only a newer release knows what to do, before it is looked at again."""
CHUNK_SIZE = 500
RANGES = 4
"""Chains of chunks at most that a broad notice is pushed by; the workers' bulk lanes take them side by side."""


# Taken over by the push service, or on its way to it.
_is_shown = or_(
    and_(Delivery.outcome == Outcome.sent, Delivery.dismissed_at.is_(None)),
    and_(Delivery.outcome.is_(None), Delivery.leased_until.is_not(None)),
)


async def expand(
    session: Session,
    event_id: UUID,
    *,
    notices: Notices,
    database: Database | None = None,
    job_id: int | None = None,
) -> None:
    """Give a fact's notice to its audience: one notice, an inbox entry a member, a job for each 500 devices.

    For an audience that is only described, the notice is all that is written, beside a few jobs that each go through a
    range of devices. Running it again for the same fact does nothing, since the first run committed all of it or
    nothing. A fact that only a newer release knows waits for it. By the clock of `database` the notice is of the moment
    when nothing more is waited for; without it, of the session's. `job_id` is the job's that runs.
    """
    row = (await session.execute(select_fact(event_id))).mappings().one()
    notice = by_code(notices).get(row["code"])
    if notice is None:
        at = session.now() + UNKNOWN_WAITS
        await hand_over(session, job_id, EXPAND_TASK, {"event_id": str(event_id)}, lane=Lane.urgent, at=at)
        return
    event = notice.event.from_row(row)
    known = await session.scalar(select(Notification.id).where(Notification.event_id == event_id))
    if known is not None:
        return
    # Before what it tells of is locked, as reorganisations do: in another order the two would wait for each other.
    await hold_organisation(session, event.organisation_id)
    prepared = await notice.prepare(session, event)
    if prepared is None:
        return
    audience = prepared.audience
    borders = await _borders(session, audience) if isinstance(audience, Audience) else None
    if database is not None:
        # Inboxes are ordered by ids, and read up to one: they shall rise as notices come to be seen, by any worker.
        await database.synchronise(session)
    notification = Notification(
        id=session.new_id(),
        event_id=event_id,
        type=notice.type,
        channel=notice.channel,
        organisation_id=event.organisation_id,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        part_of=prepared.part_of,
        params=dict(prepared.params),
        urgent=prepared.urgent,
        breaks_quiet_hours=prepared.breaks_quiet_hours,
        created_at=session.now(),
        expires_at=prepared.expires_at,
    )
    session.add(notification)
    lane = Lane.urgent if notice.event.lane is Lane.urgent else Lane.bulk
    if isinstance(audience, Audience):
        _address(session, notification, audience)
        ranges = [] if borders is None else _between(notification.id, borders)
    else:
        await _fill_inboxes(session, notification.id, audience)
        ranges = await _chunks(session, notification.id)
        if notice.sms and await session.scalar(select_texted(notification.id, session.today()).limit(1)):
            await defer(session, TEXT_TASK, {"notification_id": str(notification.id)}, lane=lane)
    await defer(session, DELIVER_TASK, *ranges, lane=lane)


def _address(session: Session, notification: Notification, audience: Audience) -> None:
    notification.audience_organisation_id = audience.organisation_id
    notification.audience_part = audience.part
    notification.audience_post_kinds = [kind.value for kind in audience.post_kinds]
    notification.addressed_on = session.today()
    session.changes.append(Change(audience.organisation_id, "notification", notification.id, version=1))


async def _fill_inboxes(session: Session, notification_id: UUID, audience: Select[UUID]) -> None:
    await session.flush()
    people = audience.subquery()
    members = await session.scalars(
        insert(InboxEntry)
        .from_select(
            ["member_id", "notification_id", "created_at"],
            select(people.c[0], literal(notification_id), literal(session.now())).distinct(),
        )
        .returning(InboxEntry.member_id)
    )
    session.changes.extend(Change(member, "notification", notification_id, version=1) for member in members)


async def _chunks(session: Session, notification_id: UUID) -> list[JobArguments]:
    """Cut the audience's devices, in order of their ids, into ranges of at most 500; the last is open."""
    numbered = (
        select(Device.id, func.row_number().over(order_by=Device.id).label("place"))
        .join(Account, Account.id == Device.account_id)
        .join(InboxEntry, InboxEntry.member_id == Account.member_id)
        .where(InboxEntry.notification_id == notification_id, Device.push_token.is_not(None))
        .subquery()
    )
    ends = list(
        await session.scalars(select(numbered.c.id).where(numbered.c.place % CHUNK_SIZE == 0).order_by(numbered.c.id))
    )
    some = await session.scalar(select(numbered.c.id).limit(1))
    if some is None:
        return []
    return _between(notification_id, ends)


async def _borders(session: Session, audience: Audience) -> Sequence[UUID] | None:
    """Return what cuts the audience's devices into a few ranges of equal size, one for a chunk; None if it has none."""
    devices = (
        select(Device.id)
        .join(Account, Account.id == Device.account_id)
        .where(Device.push_token.is_not(None), Account.member_id.in_(addressed(audience, session.today())))
        .subquery()
    )
    places = [part / RANGES for part in range(1, RANGES)]
    found = (
        await session.execute(
            select(
                func.count().label("devices"), func.percentile_disc(places).within_group(devices.c.id).label("borders")
            ).select_from(devices)
        )
    ).one()
    if found.devices == 0:
        return None
    # A power of two of them, each longer than a chunk if it can be: every so many-th border is one.
    ranges = min(RANGES, 1 << max((found.devices // CHUNK_SIZE).bit_length() - 1, 0))
    step = RANGES // ranges
    borders: Sequence[UUID] = found.borders[step - 1 :: step]
    return borders


def _between(notification_id: UUID, ends: Sequence[UUID]) -> list[JobArguments]:
    borders = [None, *(str(end) for end in ends), None]
    return [
        {"notification_id": str(notification_id), "after": after, "through": through}
        for after, through in pairwise(borders)
    ]


async def withdraw_notices(session: Session, *, subject_id: UUID, subject_type: str | None = None) -> None:
    """Stop the pushes still owed about a subject, in the transaction that made them wrong.

    Where several share an id, as a meeting and its minutes do, `subject_type` says which; None is all of them. Inboxes
    keep what has a row in them; a broad notice leaves them all. Phones that show one take it away.
    """
    of_that = Notification.subject_type == subject_type if subject_type else true()
    await _withdraw(session, Notification.subject_id == subject_id, of_that)


async def withdraw_notices_of_parts(session: Session, *, whole_id: UUID) -> None:
    """Stop the pushes still owed about what belongs to something that was called off, as `withdraw_notices` does."""
    await _withdraw(session, Notification.part_of == whole_id)


async def _withdraw(session: Session, *which: ColumnElement[bool]) -> None:
    withdrawn = (
        await session.execute(
            update(Notification)
            .where(*which, Notification.withdrawn_at.is_(None))
            .values(withdrawn_at=session.now())
            .returning(Notification.id, Notification.audience_organisation_id)
        )
    ).all()
    session.changes.extend(
        Change(row.audience_organisation_id, "notification", row.id, version=2, op=Op.delete)
        for row in withdrawn
        if row.audience_organisation_id is not None
    )
    shown = exists().where(Delivery.notification_id == Notification.id, _is_shown)
    found = await session.scalars(
        select(Notification.id).where(Notification.id.in_([row.id for row in withdrawn]), shown)
    )
    jobs: list[JobArguments] = [{"notification_id": str(one), "account_id": None, "read_on": None} for one in found]
    await defer(session, DISMISS_TASK, *jobs, lane=Lane.bulk)


async def _dismiss_elsewhere(session: Session, actor: Actor, read: Sequence[UUID]) -> None:
    """Have notices that were just read taken off the member's other phones, as far as they were sent there.

    A warning stays where it is: the session that read it may be a thief's.
    """
    if not read:
        return
    here = select(LoginSession.installation_id).where(LoginSession.id == actor.session_id).scalar_subquery()
    elsewhere = await session.execute(
        select(Delivery.notification_id, here.label("read_on"))
        .join(Notification, Notification.id == Delivery.notification_id)
        .join(Device, Device.id == Delivery.device_id)
        .where(
            Delivery.notification_id.in_(read),
            Notification.type.not_in(WARNINGS),
            Device.account_id == actor.account_id,
            Device.installation_id != here,
            _is_shown,
        )
        .distinct()
        .order_by(Delivery.notification_id.desc())
        .limit(MOST_DISMISSED)
    )
    jobs: list[JobArguments] = [
        {"notification_id": str(row.notification_id), "account_id": str(actor.account_id), "read_on": str(row.read_on)}
        for row in elsewhere
    ]
    await defer(session, DISMISS_TASK, *jobs, lane=Lane.bulk)


async def read_notification(session: Session, actor: Actor, notification_id: UUID) -> None:
    """Mark one notice of one's inbox as read; again changes nothing. Raises NotificationNotFound."""
    # First, so that of two requests at once the second finds the row that the first has made.
    if not await _read_broad(session, actor, Notification.id == notification_id):
        entry = await session.get(InboxEntry, (actor.member_id, notification_id), with_for_update=True)
        if entry is None:
            raise NotificationNotFound
        if entry.read_at is not None:
            return
        entry.read_at = session.now()
    await _dismiss_elsewhere(session, actor, [notification_id])
    await _record_read(session, actor, notification_id)


async def mark_read(session: Session, actor: Actor, body: MarkRead) -> None:
    """Mark a notice of one's inbox and all older ones that had come by then as read. Raises NotificationNotFound."""
    own = InboxEntry.member_id == actor.member_id
    known = await session.scalar(
        union(
            select(InboxEntry.notification_id).where(own, InboxEntry.notification_id == body.through),
            select(Notification.id).where(
                Notification.id == body.through,
                is_broad_and_unread(literal(actor.member_id), literal(actor.ended, ARRAY(Uuid))),
            ),
        )
    )
    if known is None:
        raise NotificationNotFound
    read = await session.scalars(
        update(InboxEntry)
        .where(
            own,
            InboxEntry.notification_id <= body.through,
            InboxEntry.read_at.is_(None),
            ~_came_after(actor.member_id, body.through),
        )
        .values(read_at=session.now())
        .returning(InboxEntry.notification_id)
    )
    just_read = [*read, *await _read_broad(session, actor, Notification.id <= body.through)]
    await _dismiss_elsewhere(session, actor, just_read)
    session.changes.extend(Change(actor.member_id, "notification", one, version=2) for one in just_read)
    await _record_read(session, actor, known)


def _came_after(member_id: UUID, through: UUID) -> ColumnElement[bool]:
    """Say of an unread entry of an inbox that it was committed after `through`, and so may not have been seen with it.

    Ids are of the moment when a worker writes a notice; the member's counter tells the order of the commits. `through`
    has its own of then until it is read, and a broad notice has none there: beyond that the ids alone tell.
    """
    change, that = aliased(ChangeRow), aliased(ChangeRow)
    reached = select(that.counter).where(
        that.scope_id == member_id, that.object_type == "notification", that.object_id == through
    )
    return exists().where(
        change.scope_id == InboxEntry.member_id,
        change.object_type == "notification",
        change.object_id == InboxEntry.notification_id,
        change.version == 1,  # as it came: a name that was erased in it changes it once more
        change.counter > reached.scalar_subquery(),
    )


async def _read_broad(session: Session, actor: Actor, which: ColumnElement[bool]) -> Sequence[UUID]:
    """Write down that broad notices are read, and return their ids; a request beside this one may have done it."""
    unread = select(literal(actor.member_id), Notification.id, Notification.created_at, literal(session.now())).where(
        which, is_broad_and_unread(literal(actor.member_id), literal(actor.ended, ARRAY(Uuid)))
    )
    written = await session.scalars(
        upsert(InboxEntry)
        .from_select(["member_id", "notification_id", "created_at", "read_at"], unread)
        .on_conflict_do_nothing()
        .returning(InboxEntry.notification_id)
    )
    return written.all()


async def _record_read(session: Session, actor: Actor, notification_id: UUID) -> None:
    await record(
        session,
        NotificationsRead(
            organisation_id=actor.organisation_id, subject_id=notification_id, actor_member_id=actor.member_id
        ),
    )


async def replace_preferences(session: Session, actor: Actor, body: PreferencesReplace) -> None:
    """Store all wishes of a member; a kind that is not named is pushed again."""
    await session.execute(delete(NotificationPreference).where(NotificationPreference.account_id == actor.account_id))
    for wish in body.items:
        row = {"account_id": actor.account_id, **wish.model_dump()}
        await session.execute(
            upsert(NotificationPreference)
            .values(row)
            .on_conflict_do_update(index_elements=["account_id", "kind", "channel"], set_={"enabled": wish.enabled})
        )
    await record(
        session,
        PreferencesChanged(
            organisation_id=actor.organisation_id, subject_id=actor.account_id, actor_member_id=actor.member_id
        ),
    )

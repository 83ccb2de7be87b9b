"""Rechecks whether whom a notice is for still belongs where it comes from; between holding a push and sending it."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, and_, func, or_, select, true, update

from app.identity.models import Account, Device
from app.kernel.db import Session
from app.kernel.notices import Audience
from app.members.audiences.queries import is_addressed
from app.notifications.models import Delivery, Notification, Outcome
from app.organisations.models import Organisation

SURE_FOR = timedelta(minutes=1)
"""So long after a notice was written nobody need be asked for again."""


async def withdraw_departed(
    session: Session, notification: Notification, *, after: UUID | None, through: UUID | None
) -> Sequence[Row[UUID, int | None]]:
    """End what is owed already to members who have left the notice's organisation since it was written.

    Returns the device and the digest of each that was.
    """
    if await _is_sure(session, notification):
        return ()
    departed = update(Delivery).where(
        Delivery.notification_id == notification.id,
        Delivery.outcome.is_(None),
        or_(Delivery.leased_until.is_(None), Delivery.leased_until < func.clock_timestamp()),
        _departed(session, notification).where(Device.id == Delivery.device_id).exists(),
    )
    if after is not None:
        departed = departed.where(Delivery.device_id > after)
    if through is not None:
        departed = departed.where(Delivery.device_id <= through)
    ended = await session.execute(
        departed.values(outcome=Outcome.withdrawn, reason="no longer owed", finished_at=session.now()).returning(
            Delivery.device_id, Delivery.digest_count
        ),
        execution_options={"synchronize_session": False},
    )
    return ended.all()


async def find_departed(session: Session, notification: Notification, devices: Collection[UUID]) -> set[UUID]:
    """Return which of the devices are of members who have left since: to them a late chunk is not owed at all."""
    if not devices or await _is_sure(session, notification):
        return set()
    return set(await session.scalars(_departed(session, notification).where(Device.id.in_(devices))))


async def is_there_still(
    session: Session, notification: Notification, member_id: SQLColumnExpression[UUID]
) -> ColumnElement[bool]:
    """Say of one member after another that they have not left the notice's organisation since it was written."""
    return true() if await _is_sure(session, notification) else ~_has_departed(session, notification, member_id)


async def _is_sure(session: Session, notification: Notification) -> bool:
    """Say that nobody need be asked for: it is new, or its organisation ended, with which nobody left by themself."""
    if session.now() - notification.created_at < SURE_FOR:
        return True
    place = notification.audience_organisation_id or notification.organisation_id
    last_day = (await session.get_one(Organisation, place)).valid_until
    return last_day is not None and last_day < session.today()


def _departed(session: Session, notification: Notification) -> Select[UUID]:
    has_departed = _has_departed(session, notification, Account.member_id)
    return select(Device.id).join(Account, Account.id == Device.account_id).where(has_departed)


def _has_departed(
    session: Session, notification: Notification, member_id: SQLColumnExpression[UUID]
) -> ColumnElement[bool]:
    """Who never belonged there, such as an officer above, is not meant.

    Standings go by days: who left on the day of the notice belonged on the day before.
    """
    people = Audience(notification.audience_organisation_id or notification.organisation_id)
    written_on = session.day_of(notification.created_at)
    return and_(
        ~is_addressed(member_id, people, session.today()),
        or_(
            is_addressed(member_id, people, written_on),
            is_addressed(member_id, people, written_on - timedelta(days=1)),
        ),
    )

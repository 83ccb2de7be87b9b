"""Rechecks whether whom a notice is for still belongs where it comes from; between holding a push and sending it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update

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
) -> None:
    """End what is owed to members who have left the notice's organisation since it was written.

    Who never belonged there, such as an officer above, is not meant. Standings go by days: who left on the day of the
    notice belonged on the day before. Where the organisation itself was merged into another, all went with it.
    """
    if session.now() - notification.created_at < SURE_FOR:
        return
    people = Audience(notification.audience_organisation_id or notification.organisation_id)
    where = await session.get_one(Organisation, people.organisation_id)
    if where.successor_id is not None:
        return
    written_on = session.day_of(notification.created_at)
    left = (
        select(Device.id)
        .join(Account, Account.id == Device.account_id)
        .where(
            Device.id == Delivery.device_id,
            ~is_addressed(Account.member_id, people, session.today()),
            or_(
                is_addressed(Account.member_id, people, written_on),
                is_addressed(Account.member_id, people, written_on - timedelta(days=1)),
            ),
        )
    )
    departed = update(Delivery).where(
        Delivery.notification_id == notification.id,
        Delivery.outcome.is_(None),
        or_(Delivery.leased_until.is_(None), Delivery.leased_until < func.clock_timestamp()),
        left.exists(),
    )
    if after is not None:
        departed = departed.where(Delivery.device_id > after)
    if through is not None:
        departed = departed.where(Delivery.device_id <= through)
    await session.execute(
        departed.values(outcome=Outcome.withdrawn, reason="no longer owed", finished_at=session.now()),
        execution_options={"synchronize_session": False},
    )

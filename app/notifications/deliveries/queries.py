"""Reads of deliveries for whoever keeps the service running; nothing in them says who or what."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, select, tuple_
from sqlalchemy.dialects.postgresql import array

from app.identity.models import Device
from app.kernel.db import Session
from app.kernel.notices import Reader
from app.kernel.pagination import CursorInvalid, PageRequest
from app.kernel.security import Actor
from app.notifications.deliveries.errors import DeliveryNotFound
from app.notifications.deliveries.schemas import DeliveryPage, DeliveryState, DeliveryView
from app.notifications.models import Delivery, Notification, Outcome
from app.notifications.reasons import WORDS, reason_of
from app.organisations import access
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation

_SHOWN: tuple[SQLColumnExpression[Any], ...] = (  # Any: columns of several types
    Delivery.notification_id,
    Delivery.device_id,
    Delivery.outcome,
    Delivery.reason,
    Delivery.attempts,
    Delivery.not_before,
    Delivery.finished_at,
    Notification.organisation_id,
    Notification.type,
    Device.platform,
)


async def get_administered_notice(
    session: Session, actor: Actor, organisation_id: UUID, notification_id: UUID
) -> Notification:
    """Return a notice of an organisation, or of one below it, for its administrators.

    Raises OrganisationNotFound, NotForYourPost, DeliveryNotFound.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_administrator(actor, organisation.path)
    found = await session.scalar(select(Notification).where(Notification.id == notification_id, _is_at(organisation)))
    if found is None:
        raise DeliveryNotFound
    return found


def _is_at(organisation: Organisation) -> ColumnElement[bool]:
    """Say of a notice that it is the organisation's, or that of one below it."""
    return Notification.organisation_id.in_(
        select(Organisation.id).where(Organisation.path.contains(array([organisation.id])))
    )


async def list_deliveries(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    *,
    outcome: DeliveryState | None,
    reader: Reader,
    paging: PageRequest,
) -> DeliveryPage:
    """Return the deliveries of an organisation's notices and of those below it, the newest notice first.

    Raises OrganisationNotFound, NotForYourPost, CursorInvalid.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_administrator(actor, organisation.path)
    wanted = (
        select(*_SHOWN)
        .join(Notification, Notification.id == Delivery.notification_id)
        .outerjoin(Device, Device.id == Delivery.device_id)
        .where(_is_at(organisation))
        .order_by(Delivery.notification_id.desc(), Delivery.device_id.desc())
        .limit(paging.limit + 1)
    )
    if outcome is not None:
        wanted = wanted.where(_has(outcome))
    if paging.after is not None:
        try:
            after = UUID(paging.after[0]), paging.after[1]
        except ValueError:
            raise CursorInvalid from None
        wanted = wanted.where(tuple_(Delivery.notification_id, Delivery.device_id) < tuple_(*after))
    rows = (await session.execute(wanted)).all()
    return paging.page(
        rows,
        into=DeliveryPage,
        view=lambda row: _view(row, reader),
        key=lambda row: (str(row.notification_id), row.device_id),
    )


def _has(outcome: DeliveryState) -> ColumnElement[bool]:
    if outcome is DeliveryState.waiting:
        return Delivery.outcome.is_(None)
    return Delivery.outcome == Outcome(outcome.value)


def _view(row: Row[Any], reader: Reader) -> DeliveryView:  # Any: a row of many columns
    why = reason_of(row.outcome, row.reason)
    return DeliveryView(
        notification_id=row.notification_id,
        device_id=row.device_id,
        organisation_id=row.organisation_id,
        platform=row.platform,
        notification_type=row.type,
        outcome=DeliveryState(row.outcome.value) if row.outcome else DeliveryState.waiting,
        reason_code=why,
        reason=WORDS[why].to(reader.locale) if why else None,
        try_count=row.attempts,
        next_try_at=row.not_before if row.outcome is None else None,
        finished_at=row.finished_at,
    )

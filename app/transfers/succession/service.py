"""Commands of a reorganisation on transfers."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.kernel.db import Session
from app.kernel.events import record
from app.members.models import Member, StandingKind
from app.members.standings.service import end_standings
from app.transfers.events import StayChanged, TransferWithdrawn
from app.transfers.models import Transfer, TransferStatus
from app.transfers.service import end_undone, names_of


async def hand_over_transfers(
    session: Session, former_id: UUID, *, successor_id: UUID, on: date, by: UUID | None, reason: str
) -> None:
    """Make what a merged branch had open the successor's; what led from one of the two to the other is over.

    The members have moved already.
    """
    for side in (Transfer.from_organisation_id, Transfer.to_organisation_id):
        await _rewrite(session, side, former_id, successor_id, on=on)
    within = and_(Transfer.from_organisation_id == successor_id, Transfer.to_organisation_id == successor_id)
    await _end(session, within, on=on, by=by, reason=reason)


async def take_along_transfers(
    session: Session, former_id: UUID, *, to: UUID, on: date, members: Collection[UUID]
) -> None:
    """Make what members have open who went to a new branch that branch's: it lets them go now."""
    await _rewrite(session, Transfer.from_organisation_id, former_id, to, on=on, members=members)


async def lapse_transfers(session: Session, ended_id: UUID, *, on: date, by: UUID | None, reason: str) -> None:
    """End what led to a branch that is dissolved: nobody there can take anybody in, or be a host."""
    await _end(session, Transfer.to_organisation_id == ended_id, on=on, by=by, reason=reason)


def _goes_on(on: date) -> ColumnElement[bool]:
    """Say that a transfer is undecided, or a stay not over on the eve of a day."""
    stay = and_(Transfer.status == TransferStatus.accepted, Transfer.until >= on)
    return or_(Transfer.status == TransferStatus.started, stay)


async def _rewrite(
    session: Session,
    side: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    former_id: UUID,
    successor_id: UUID,
    *,
    on: date,
    members: Collection[UUID] | None = None,
) -> None:
    of_these = [] if members is None else [Transfer.member_id.in_(members)]
    await session.execute(
        update(Transfer)
        .where(side == former_id, _goes_on(on), *of_these)
        .values({side: successor_id, Transfer.version: Transfer.version + 1}),
        execution_options={"synchronize_session": False},
    )


async def _end(session: Session, which: ColumnElement[bool], *, on: date, by: UUID | None, reason: str) -> None:
    wanted = select(Transfer).where(which, _goes_on(on)).order_by(Transfer.member_id)
    for transfer in (await session.scalars(wanted.execution_options(populate_existing=True))).all():
        member = await session.get_one(
            Member, transfer.member_id, with_for_update={"key_share": True}, populate_existing=True
        )
        if transfer.status is TransferStatus.started:
            await end_undone(session, transfer, member, by=by, fact=TransferWithdrawn, reason=reason)
        else:
            await _end_stay(session, transfer, member, on=on, by=by)


async def _end_stay(session: Session, transfer: Transfer, member: Member, *, on: date, by: UUID | None) -> None:
    assert transfer.received_on is not None
    # One stay at a time (`queries.is_moving`): there are no other rows of these kinds.
    await end_standings(session, member.id, StandingKind.temporary_away, StandingKind.temporary_guest, on=on)
    transfer.until = max(transfer.received_on, on - timedelta(days=1))
    transfer.version += 1
    member.version += 1
    await record(session, StayChanged.model_validate(names_of(by, transfer, member) | {"until": transfer.until}))

"""Command of the clock: both sides are reminded of transfers that wait for a decision."""

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.events import record
from app.transfers.events import TransferReminderDue
from app.transfers.models import Transfer, TransferReminder

SWEEP_SIZE = 500


async def remind_of_transfers(session: Session) -> int:
    """Remind of up to 500 open transfers whose day has come, and return how many rows it dealt with: 0 is all done.

    After a standstill only the latest of a transfer's overdue ones goes out.
    """
    due = (TransferReminder.sent_at.is_(None), TransferReminder.due_on <= session.today())
    rows = (
        await session.execute(
            select(TransferReminder, Transfer)
            .join(Transfer, Transfer.id == TransferReminder.transfer_id)
            .where(*due)
            .order_by(TransferReminder.transfer_id, TransferReminder.working_days)
            .limit(SWEEP_SIZE)
            .with_for_update(of=TransferReminder, skip_locked=True)
        )
    ).all()
    latest = {transfer.id: (reminder, transfer) for reminder, transfer in rows}
    for reminder, _ in rows:
        reminder.sent_at = session.now()
    for reminder, transfer in latest.values():
        await record(
            session,
            TransferReminderDue(
                organisation_id=transfer.from_organisation_id,
                subject_id=transfer.id,
                actor_member_id=None,
                working_days=reminder.working_days,
            ),
        )
    return len(rows)

"""Runs deferred jobs the way the worker does, on the test's own connection and clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from obstore.store import MemoryStore
from sqlalchemy import text

from app.documents.store import DocumentStore
from app.kernel.db import Database, transaction
from app.kernel.push import Dismissal, Message, Outcome, Outcomes, PushMessage, Sent, Target
from app.kernel.telemetry import WorkerMeters
from app.meetings.service import send_due_reminders
from app.notices import NOTICES
from app.notifications.pace.service import Pace
from app.worker import TASKS, Workplace
from tests.factories.clock import FakeClock


class CollectingSender:
    """A sender that keeps what it was given, dismissals apart, and answers what it was told to.

    `until` is when it might have sent last, the last time it was asked.
    """

    def __init__(self) -> None:
        self.pushes: list[tuple[PushMessage, Target]] = []
        self.dismissals: list[tuple[UUID, str]] = []
        self.answers: dict[str, Outcome | None] = {}
        self.until: datetime | None = None

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        self.until = until
        outcomes: Outcomes = {} if told is None else told
        for target in targets:
            answer = self.answers.get(target.token, Sent(message_id="projects/test/messages/1"))
            if answer is not None:
                if isinstance(message, Dismissal):
                    self.dismissals.append((message.notification_id, target.token))
                else:
                    self.pushes.append((message, target))
                outcomes[target.device_id] = answer
        return outcomes

    async def aclose(self) -> None:
        pass

    def tokens(self, kind: str | None = None) -> list[str]:
        """The tokens pushed to, of one type of notice or of all."""
        return [target.token for message, target in self.pushes if kind in (None, message.type)]


class JobRunner:
    """Takes what is due by the test's clock from the queue's table, in the order of its making."""

    def __init__(self, database: Database, clock: FakeClock, documents: DocumentStore | None = None) -> None:
        self._clock = clock
        self.sender = CollectingSender()
        self.office = Workplace(
            database=database,
            sender=self.sender,
            notices=NOTICES,
            clock=clock,
            public_url="http://sotay.test",
            lease=timedelta(seconds=60),
            timeout=timedelta(seconds=15),
            jitter=lambda: 0.0,
            meters=WorkerMeters(),
            pace=Pace(per_second=1_000_000, clock=clock),
            documents=documents or DocumentStore(MemoryStore()),
        )

    def use_pace(self, pace: Pace) -> None:
        """Hold the pushes to a pace; without it the bucket is as good as full."""
        self.office = replace(self.office, pace=pace)

    async def run(self, *, times_each: int = 1) -> int:
        """Run until nothing is due; return how many jobs ran. A job that fails raises, and stays to be run again.

        `times_each` more than 1 is for workers that die before they can strike a job off: it is given back.
        """
        count = 0
        while await self.run_one(times=times_each):
            count += 1
        return count

    async def run_one(self, *, times: int = 1) -> bool:
        """Run the first job that is due; return whether there was one."""
        tasks = {task.name: task for task in TASKS}
        async with self.office.database.session() as session:
            row = (
                await session.execute(
                    text("""
                        SELECT id, task_name FROM procrastinate_jobs
                        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= :now)
                        ORDER BY id LIMIT 1
                    """),
                    {"now": self._clock()},
                )
            ).one_or_none()
        if row is None:
            return False
        task = tasks[row.task_name]
        for _ in range(times):
            async with self.office.database.session() as session:
                args = await session.scalar(text("SELECT args FROM procrastinate_jobs WHERE id = :id"), {"id": row.id})
            await task.perform(self.office, args, job_id=row.id)
        async with self.office.database.session() as session:
            await session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": row.id})
            await session.commit()
        return True

    async def find_due_reminders(self) -> int:
        """Let the minute of the timetable come, and return how many reminders it found."""
        async with transaction(self.office.database) as session:
            return await send_due_reminders(session)

    async def sweep(self) -> None:
        """Let the minute of the timetable come, then run what it deferred."""
        await self.find_due_reminders()
        await self.run()

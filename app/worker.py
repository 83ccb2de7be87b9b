"""The worker: every task with its queue and timetable in one list, and the process that runs them."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.worker import Worker
from sqlalchemy import text

from app.admissions.reviews.service import follow_corrections, remind_of_reviews
from app.announcements.service import publish_due_announcements
from app.documents.service import INDEX_TASK, REMOVE_TASK, index_document, sweep_orphans
from app.documents.store import DocumentStore
from app.identity.sessions.service import SILENCE_TASK, silence_phones
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, Session, synchronised, transaction
from app.kernel.events import EXPAND_TASK
from app.kernel.jobs import Lane
from app.kernel.push import PushSender
from app.kernel.queue import RETRY, QueueConnector, Task, rescue_forever, until_lost
from app.kernel.roles import Role
from app.kernel.seals import SEAL_TASK, seal_facts
from app.kernel.settings import PushMode, Settings
from app.kernel.sms import SmsSender
from app.kernel.telemetry import WorkerMeters, exposed, start_tracing
from app.kernel.typesetting import Typesetter, TypesettingUnavailable
from app.kernel.web_push import PushServices, WebPushKey
from app.meetings.service import send_due_reminders
from app.minutes.service import TYPESET_TASK, keep_paper, remind_of_minutes
from app.notices import NOTICES
from app.notifications.dismissals.service import Dismissed, dismiss
from app.notifications.dispatch.service import PostOffice, deliver
from app.notifications.leases.service import Chunk
from app.notifications.pace.service import Pace
from app.notifications.sender import FcmSender, RecordingSender
from app.notifications.service import DELIVER_TASK, DISMISS_TASK, TEXT_TASK, expand
from app.notifications.sms import HttpSmsSender, RecordingSmsSender
from app.notifications.texting import text_people
from app.notifications.webpush import BothWays, Vapid, WebPushSender
from app.polls.service import VACUUM_TASK
from app.privacy.corrections.service import follow_moves
from app.privacy.retention.service import purge
from app.reorganisations.service import carry_out_due
from app.resolutions.service import close_due_resolutions
from app.transfers.overdue.service import remind_of_transfers

log = structlog.get_logger()

STATEMENT_TIMEOUT_MS = 60_000
GRACE_SECONDS = 8.0
# Jobs whose hour comes are found by looking: what waits for its turn to send is never held up for longer.
LONGEST_POLL_SECONDS = 1.0
CONCURRENCY = {Lane.urgent: 4, Lane.bulk: 4}
MONTHS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Workplace(PostOffice):
    """What the tasks work with: a post office, and beside it the store of files. A task names the part it needs.

    `texts` is None where no text messages are sent.
    """

    documents: DocumentStore
    texts: SmsSender | None = None


async def expand_fact(office: PostOffice, event_id: str, job_id: int) -> None:
    """Find out whom a fact concerns."""
    async with synchronised(office.database) as session:
        await expand(session, UUID(event_id), notices=office.notices, database=office.database, job_id=job_id)


async def deliver_chunk(
    office: PostOffice, notification_id: str, after: str | None, through: str | None, job_id: int
) -> None:
    """Push a notice to up to 500 devices."""
    chunk = Chunk(
        notification_id=UUID(notification_id),
        after=UUID(after) if after else None,
        through=UUID(through) if through else None,
    )
    await deliver(office, chunk, job_id=job_id)


async def text_members(workplace: Workplace, notification_id: str, job_id: int) -> None:
    """Send a notice as text messages to members without the app."""
    if workplace.texts is not None:
        await text_people(workplace, workplace.texts, UUID(notification_id), job_id=job_id)


async def dismiss_notice(
    office: PostOffice, notification_id: str, account_id: str | None, read_on: str | None, job_id: int
) -> None:
    """Take a notice off the phones that show it."""
    dismissed = Dismissed(
        notification_id=UUID(notification_id),
        account_id=UUID(account_id) if account_id else None,
        read_on=UUID(read_on) if read_on else None,
    )
    await dismiss(office, dismissed, job_id=job_id)


async def silence_lost_phones(office: PostOffice, account_id: str) -> None:
    """Stop pushing to the phones of an account that somebody was let into anew an hour ago."""
    async with transaction(office.database) as session:
        await silence_phones(session, UUID(account_id))


async def _in_rounds(office: PostOffice, step: Callable[[Session], Awaitable[int]]) -> None:
    """Repeat a step until it finds nothing: each in a transaction of its own, so that its pushes leave meanwhile."""
    more = True
    while more:
        async with transaction(office.database) as session:
            more = await step(session) > 0


async def sweep_reminders(office: PostOffice, timestamp: int) -> None:
    """Announce the reminders that have come due; `timestamp` is the minute of the timetable, which is not needed."""
    del timestamp
    await _in_rounds(office, send_due_reminders)


async def publish_announcements(office: PostOffice, timestamp: int) -> None:
    """Publish the announcements whose hour has come."""
    del timestamp
    await _in_rounds(office, publish_due_announcements)


async def read_document(workplace: Workplace, document_id: str) -> None:
    """Make a file's text searchable."""
    await index_document(workplace.database, workplace.documents, UUID(document_id))


async def remove_file(workplace: Workplace, key: str) -> None:
    """Remove the bytes of a document that was deleted."""
    await workplace.documents.remove(key)


async def sweep_files(workplace: Workplace, timestamp: int) -> None:
    """Remove the files that no document names."""
    del timestamp
    await sweep_orphans(workplace.database, workplace.documents)


async def typeset_minutes(office: PostOffice, meeting_id: str, *, typesetter: Typesetter | None = None) -> None:
    """Keep the PDF of minutes that were approved; without Pango here, the API makes it each time it is asked for."""
    try:
        async with transaction(office.database) as session:
            await keep_paper(session, UUID(meeting_id), typesetter=typesetter or Typesetter())
    except TypesettingUnavailable:
        log.warning("typesetting_unavailable")


async def sweep_minutes(office: PostOffice, timestamp: int) -> None:
    """Remind of the minutes that are due."""
    del timestamp
    await _in_rounds(office, remind_of_minutes)


async def make_partitions(office: PostOffice, timestamp: int) -> None:
    """Make the coming months' partitions of events and deliveries."""
    del timestamp
    async with transaction(office.database) as session:
        # All others wait behind it; where a backup is under way it is made another night, months ahead of its time.
        await session.execute(text("SET LOCAL lock_timeout = '500ms'"))
        await session.execute(
            text("SELECT ensure_month_partitions(CAST(:today AS date), :months)"),
            {"today": session.now().date(), "months": MONTHS_AHEAD},
        )


async def seal_log(office: PostOffice, timestamp: int) -> None:
    """Put the facts of the last minute into the chains of their organisations."""
    del timestamp
    await _in_rounds(office, seal_facts)


async def vacuum_ballots(office: PostOffice, timestamp: int | None = None) -> None:
    """Sweep away what mixing the ballots left behind: after a close, and each night what was still seen then."""
    del timestamp
    await office.database.vacuum("ballots", "participations")


async def close_resolutions(office: PostOffice, timestamp: int) -> None:
    """Close the drafts whose time for comments is over."""
    del timestamp
    await _in_rounds(office, close_due_resolutions)


async def purge_old_rows(office: PostOffice, timestamp: int) -> None:
    """Delete what is kept no longer."""
    del timestamp
    await purge(office.database)


async def sweep_correction_requests(office: PostOffice, timestamp: int) -> None:
    """Tell of the requests whose members are of another branch since."""
    del timestamp
    await _in_rounds(office, follow_moves)


async def carry_out_reorganisations(office: PostOffice, timestamp: int) -> None:
    """Carry out the reorganisations whose day has come, each in a transaction of its own."""
    del timestamp
    await _in_rounds(office, carry_out_due)


async def sweep_transfers(office: PostOffice, timestamp: int) -> None:
    """Remind of the transfers that are still open on their days."""
    del timestamp
    await _in_rounds(office, remind_of_transfers)


async def sweep_reviews(office: PostOffice, timestamp: int) -> None:
    """Remind of the probations that are due for their review, by the days of admission as they are on record now."""
    del timestamp
    await _in_rounds(office, follow_corrections)
    await _in_rounds(office, remind_of_reviews)


# The hours are UTC's, whatever the machine's zone: in Việt Nam it is night from 15 to 23 of them.
TASKS = (
    Task(EXPAND_TASK, expand_fact, Lane.urgent, hands_over=True),
    Task(DELIVER_TASK, deliver_chunk, Lane.urgent, hands_over=True),
    Task(TEXT_TASK, text_members, Lane.urgent, hands_over=True),
    Task(DISMISS_TASK, dismiss_notice, Lane.bulk, hands_over=True),
    Task(SILENCE_TASK, silence_lost_phones, Lane.bulk),
    Task("meetings.sweep_reminders", sweep_reminders, Lane.urgent, cron="* * * * *"),
    Task("resolutions.close_due", close_resolutions, Lane.bulk, cron="* * * * *"),
    Task(VACUUM_TASK, vacuum_ballots, Lane.bulk, cron="41 20 * * *"),
    Task("announcements.publish_due", publish_announcements, Lane.urgent, cron="* * * * *"),
    Task(INDEX_TASK, read_document, Lane.bulk),
    Task(REMOVE_TASK, remove_file, Lane.bulk),
    Task("documents.sweep_files", sweep_files, Lane.bulk, cron="41 19 * * *"),
    Task(TYPESET_TASK, typeset_minutes, Lane.bulk),
    Task("minutes.sweep_reminders", sweep_minutes, Lane.bulk, cron="*/10 * * * *"),
    Task("transfers.sweep_reminders", sweep_transfers, Lane.bulk, cron="19 * * * *"),
    Task("admissions.sweep_reviews", sweep_reviews, Lane.bulk, cron="21 * * * *"),
    Task("reorganisations.carry_out", carry_out_reorganisations, Lane.bulk, cron="* * * * *"),
    Task("kernel.make_partitions", make_partitions, Lane.bulk, cron="17 20 * * *"),
    Task(SEAL_TASK, seal_log, Lane.bulk, cron="* * * * *"),
    Task("privacy.follow_moves", sweep_correction_requests, Lane.bulk, cron="* * * * *"),
    Task("privacy.purge", purge_old_rows, Lane.bulk, cron="41 18 * * *"),
)


def make_queue(connector: PsycopgConnector, tasks: tuple[Task, ...] = TASKS) -> App:
    """Return the Procrastinate app with every task registered."""
    app = App(connector=connector)
    for task in tasks:
        registered = app.task(name=task.name, queue=task.lane.value, pass_context=True, retry=RETRY)(_runner(task))
        if task.cron is not None:
            app.periodic(cron=task.cron)(registered)
    return app


def _runner(task: Task) -> Callable[..., Awaitable[None]]:
    async def run(context: JobContext, **arguments: str | int | None) -> None:
        workplace: Workplace = context.additional_context["workplace"]
        with workplace.meters.job(task.name):
            await task.perform(workplace, arguments, job_id=context.job.id)

    return run


def make_sender(settings: Settings) -> PushSender:
    """Return the sender that the settings choose."""
    if settings.push is PushMode.fcm:
        assert settings.fcm_credentials is not None
        apps = FcmSender(
            settings.fcm_credentials,
            url=settings.fcm_url,
            clock=system_clock,
            timeout_seconds=settings.push_timeout_seconds,
            concurrency=settings.push_concurrency,
        )
        key = WebPushKey(settings.web_push_key_file)
        browsers = WebPushSender(
            Vapid(key, contact=settings.web_push_contact or settings.public_url),
            services=PushServices(settings.web_push_services),
            clock=system_clock,
            timeout_seconds=settings.push_timeout_seconds,
            concurrency=settings.push_concurrency,
        )
        return BothWays(apps=apps, browsers=browsers)
    return RecordingSender(_print, system_clock)


def make_sms_sender(settings: Settings) -> SmsSender | None:
    """Return the sender of text messages that the settings choose; None sends none."""
    if settings.push is PushMode.record:
        return RecordingSmsSender(_print, system_clock)
    if settings.sms_url is None:
        return None
    assert settings.sms_token is not None
    return HttpSmsSender(
        settings.sms_url,
        token=settings.sms_token.get_secret_value(),
        sender=settings.sms_sender,
        clock=system_clock,
        timeout_seconds=settings.push_timeout_seconds,
    )


def _print(lines: str) -> None:
    print(lines, flush=True)  # noqa: T201 the screen is where this sender sends to


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is under way then has a few seconds to finish."""
    assert settings.database_url is not None
    start_tracing(settings.otlp_url, process="worker")
    database = PooledDatabase(
        settings.database_url,
        clock=system_clock,
        pool_size=settings.database_pool_size,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        role=Role.worker,
    )
    sender = make_sender(settings)
    meters = WorkerMeters()
    texts = make_sms_sender(settings)
    workplace = Workplace(
        database=database,
        sender=sender,
        notices=NOTICES,
        clock=system_clock,
        public_url=settings.public_url,
        lease=timedelta(seconds=settings.push_lease_seconds),
        timeout=timedelta(seconds=settings.push_timeout_seconds),
        jitter=random.random,
        meters=meters,
        pace=Pace(per_second=settings.push_per_second),
        documents=DocumentStore.open(settings.documents_url, directory=settings.documents_dir),
        texts=texts,
    )
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    beat = settings.worker_heartbeat_seconds
    connector = QueueConnector(settings.database_url)
    queue = make_queue(connector)
    lanes = [
        Worker(
            queue,
            queues=[lane.value],
            name=lane.value,
            concurrency=concurrency,
            additional_context={"workplace": workplace},
            install_signal_handlers=False,
            fetch_job_polling_interval=min(beat, LONGEST_POLL_SECONDS),
            update_heartbeat_interval=beat,
            stalled_worker_timeout=3 * beat,
            shutdown_graceful_timeout=GRACE_SECONDS,
            delete_jobs="successful",
        )
        for lane, concurrency in CONCURRENCY.items()
    ]
    async with queue.open_async(), exposed(meters.registry, host=settings.metrics_host, port=settings.metrics_port):
        working = [asyncio.create_task(lane.run()) for lane in lanes]  # type: ignore[no-untyped-call]
        beside = [
            asyncio.create_task(rescue_forever(queue, meters, beat=beat)),
            asyncio.create_task(until_lost(connector)),
        ]
        stopping = asyncio.create_task(stop.wait())
        log.info("worker_started", push=settings.push.value)
        await asyncio.wait([stopping, *working, *beside], return_when=asyncio.FIRST_COMPLETED)
        failed = next((task for task in (*working, *beside) if task.done()), None)
        for lane in lanes:
            # Cancelling its task instead is lost at times: asyncio.wait_for, deep in it, may swallow it.
            lane.stop()  # type: ignore[no-untyped-call]
        await asyncio.gather(*working, return_exceptions=True)
        await _cancel(stopping, *beside)
    await sender.aclose()
    if texts is not None:
        await texts.aclose()
    await database.close()
    if failed is not None and not stop.is_set():
        failed.result()
        log.error("worker_stopped_itself")
        raise SystemExit(1)  # the supervisor starts another one


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until it holds; Any: what the tasks would have returned."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)

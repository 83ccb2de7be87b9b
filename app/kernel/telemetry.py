"""What is seen from outside: the meters of one process, and a port of its own where they are read (`GET /metrics`).

Labels are templates of routes, statuses, platforms, types of notices and names of tasks: few, and known beforehand.
None names a person, an organisation or an object.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
from opentelemetry import trace
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.push import Platform

log = structlog.get_logger()

SCRAPE_SECONDS = 4.0
"""How long a scrape may wait for the database; Prometheus itself gives up after ten seconds."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


_tracer = trace.get_tracer("sotay")  # says nothing to anybody until `start_tracing`


def start_tracing(url: str | None, *, process: str) -> None:
    """Send this process's traces to an OTLP collector; without a URL, do nothing.

    Ends the process where the extra `telemetry` is not installed.
    """
    if url is None:
        return
    if find_spec("opentelemetry.sdk") is None:
        raise SystemExit(
            "SOTAY_OTLP_URL cần phần bổ sung `telemetry`: pip install 'sotay[telemetry]'\n"
            "SOTAY_OTLP_URL needs the extra `telemetry`: pip install 'sotay[telemetry]'"
        )
    import_module("app.kernel.tracing").start(url, process=process)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


class RequestMeters:
    """What an API process counts."""

    def __init__(self) -> None:
        self.registry = _registry()
        self._requests = Counter(
            "sotay_http_requests",
            "Requests answered; status 0 where the caller left before",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "sotay_http_request_seconds",
            "From a request's coming in until its answer begins",
            ["method", "route"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.in_flight = Gauge(
            "sotay_http_requests_in_flight", "Requests whose answer has not ended", registry=self.registry
        )
        self._replica_reads = Counter(
            "sotay_replica_reads",
            "Reads meant for the replica; passed over: it was behind or did not answer, and the primary did",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in ("answered", "passed_over"):
            self._replica_reads.labels(outcome)  # told from the start: an alert compares the two

    def answered(self, *, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request; `route` is the template, None where there is none, `status` 0 where no answer began."""
        kind = method if method in METHODS else "other"  # callers may make up methods
        template = route or "none"
        self._requests.labels(kind, template, str(status)).inc()
        if status:
            self._seconds.labels(kind, template).observe(seconds)

    def asked_of_replica(self, *, is_answered: bool) -> None:
        """Count a read meant for the replica; where it is not answered there, the primary answers it."""
        self._replica_reads.labels("answered" if is_answered else "passed_over").inc()


class WorkerMeters:
    """What a worker process counts."""

    def __init__(self) -> None:
        self.registry = _registry()
        self._outcomes = Counter(
            "sotay_push_outcomes",
            "Results of sends that were stored; retried ones come again, unsent ones had not begun when time was up",
            ["platform", "type", "outcome"],
            registry=self.registry,
        )
        self._withdrawn = Counter(
            "sotay_push_withdrawn", "Deliveries ended without a send", ["type", "reason"], registry=self.registry
        )
        self._texts = Counter(
            "sotay_sms_outcomes",
            "Results of text messages that were stored; retried ones come again, unsent ones had not begun in time",
            ["type", "outcome"],
            registry=self.registry,
        )
        self._leases_lost = Counter(
            "sotay_push_leases_lost",
            "Results not taken because the lease had run out and another worker held the delivery",
            registry=self.registry,
        )
        self._jobs = Counter(
            "sotay_jobs", "Jobs that ran, by how they ended", ["task", "result"], registry=self.registry
        )
        self._rescued = Counter(
            "sotay_jobs_rescued", "Jobs given back that a dead worker had held", registry=self.registry
        )

    def stored(self, notice_type: str, results: Iterable[tuple[Platform, str]], *, leased: int) -> None:
        """Count the results that were stored of `leased` deliveries of a notice: platform and outcome of each."""
        for platform, outcome in results:
            self._outcomes.labels(platform.value, notice_type, outcome).inc()
            leased -= 1
        self._leases_lost.inc(leased)

    def texted(self, notice_type: str, outcome: str) -> None:
        """Count one result of a text message that was stored."""
        self._texts.labels(notice_type, outcome).inc()

    def withdrawn(self, notice_type: str, *, reason: str, count: int) -> None:
        """Count deliveries that were not owed any more; `reason` is one of a few constants."""
        self._withdrawn.labels(notice_type, reason).inc(count)

    def rescued(self, count: int) -> None:
        """Count jobs of dead workers."""
        self._rescued.inc(count)

    @contextmanager
    def job(self, task: str) -> Iterator[None]:
        """Count the job that runs inside, as `done`, or as `failed` where it raises; it is a span of its own."""
        with _tracer.start_as_current_span(task, record_exception=False, set_status_on_exception=False) as span:
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(trace.StatusCode.ERROR)
                self._jobs.labels(task, "failed").inc()
                raise
        self._jobs.labels(task, "done").inc()


class AskedAtScrape(Collector):
    """Figures that the database is asked for whenever somebody looks, on the process's own event loop.

    A scrape comes in a thread; it never waits longer than `SCRAPE_SECONDS`. Without an answer, `sotay_figures_up` is 0
    and all else of the process is still told.
    """

    def __init__(
        self, ask: Callable[[], Coroutine[Any, Any, Sequence[Metric]]], *, seconds: float = SCRAPE_SECONDS
    ) -> None:
        """Belong to the loop that is running; `ask` makes the coroutine, whose own type is Any."""
        self._ask = ask
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()

    def collect(self) -> Iterable[Metric]:
        """Return what the database said; called in a thread that is not the loop's."""
        asking = asyncio.run_coroutine_threadsafe(self._ask(), self._loop)
        found: Sequence[Metric] | None = None
        try:
            found = asking.result(self._seconds)
        except (TimeoutError, SQLAlchemyError) as error:
            asking.cancel()
            log.warning("figures_missing", error=type(error).__name__)
        up = GaugeMetricFamily("sotay_figures_up", "1 where the database answered the scrape in time, 0 where not")
        up.add_metric([], found is not None)
        return [up, *(found or ())]


@asynccontextmanager
async def exposed(registry: CollectorRegistry, *, host: str, port: int | None) -> AsyncIterator[None]:
    """Serve the registry over HTTP while the block runs; without a port, do nothing.

    A port that cannot be had is an error in the log and no more: what is watched matters more than the watching.
    """
    if port is None:
        yield
        return
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the lines, and Prometheus knows when a counter began
    try:
        server, _ = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        log.error("metrics_not_served", host=host, port=port, error=str(error))  # noqa: TRY400 the reason is enough
        yield
        return
    log.info("metrics_served", host=host, port=port)
    try:
        yield
    finally:
        # In a thread: a scrape that is under way may be waiting for this loop.
        await asyncio.to_thread(server.shutdown)
        server.server_close()

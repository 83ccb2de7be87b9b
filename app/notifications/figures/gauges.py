"""The standing of the sending, as Prometheus reads it."""

from collections.abc import Sequence
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from app.kernel.db import Database
from app.notifications.figures.queries import Standing, find_standing


async def measure(database: Database, *, silence: timedelta) -> Sequence[Metric]:
    """Ask the database and return the gauges; raises SQLAlchemyError where it does not answer."""
    async with database.session() as session:
        return _gauges(await find_standing(session, silence=silence))


def _gauges(standing: Standing) -> Sequence[Metric]:
    deliveries = GaugeMetricFamily(
        "sotay_push_deliveries", "Deliveries without an outcome: due now, waiting, leased", labels=["state"]
    )
    for state in ("due", "waiting", "leased"):
        deliveries.add_metric([state], getattr(standing.deliveries, state))
    circuits = GaugeMetricFamily(
        "sotay_push_circuit_open", "1 while the push service of a platform takes nothing", labels=["platform"]
    )
    for circuit in standing.circuits:
        circuits.add_metric([circuit.platform.value], circuit.is_open)
    jobs = GaugeMetricFamily(
        "sotay_jobs_queued", "Jobs in the queue: due now, waiting, doing", labels=["lane", "state"]
    )
    oldest_jobs = GaugeMetricFamily(
        "sotay_jobs_oldest_due_seconds", "For how long the oldest job of a lane is due", labels=["lane"]
    )
    for lane in standing.lanes:
        for state in ("due", "waiting", "doing"):
            jobs.add_metric([lane.lane.value, state], getattr(lane, state))
        oldest_jobs.add_metric([lane.lane.value], lane.oldest_due_seconds)
    return [
        deliveries,
        GaugeMetricFamily(
            "sotay_push_oldest_due_seconds",
            "For how long the oldest delivery that is due could have been sent",
            value=standing.deliveries.oldest_due_seconds,
        ),
        GaugeMetricFamily(
            "sotay_push_leases_lapsed",
            "Deliveries whose lease ran out without a result",
            value=standing.deliveries.lapsed,
        ),
        circuits,
        jobs,
        oldest_jobs,
        GaugeMetricFamily(
            "sotay_workers_alive",
            "Lanes of workers that have shown a heartbeat lately: two a process",
            value=standing.workers_alive,
        ),
    ]

"""Seen from outside: what is counted where it happens, how the sending stands, and alerts that name what is told."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml
from fastapi import FastAPI
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.kernel.db import Database
from app.kernel.push import LaneStopped, Message, Outcomes, Rejected, RetryAfter, Target, TokenDead
from app.kernel.telemetry import AskedAtScrape, RequestMeters, WorkerMeters, exposed
from app.notifications.figures.gauges import measure
from app.notifications.figures.queries import LATE_AFTER, OpenDeliveries, find_standing, list_ended
from app.worker import TASKS
from tests.conftest import RolledBackDatabase
from tests.demo.programs import free_port
from tests.factories.clock import FakeClock
from tests.factories.deliveries import use_sender
from tests.factories.meetings import SignedIn, announced, awake_phones_of, phones_of, took
from tests.factories.world import World
from tests.worker import CollectingSender, JobRunner

ALERTS = Path(__file__).parents[2] / ".docker" / "alerts.yaml"
DASHBOARD = ALERTS.with_name("grafana.json")
SILENCE = timedelta(seconds=30)
LABELS = {"le", "lane", "method", "outcome", "platform", "reason", "result", "route", "state", "status", "task", "type"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(told: str) -> Samples:
    """What was told, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


def counted(meters: WorkerMeters, name: str) -> dict[tuple[str, ...], float]:
    """A counter's values by those of its labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(labels)): number
        for (found, labels), number in samples(generate_latest(meters.registry).decode()).items()
        if found == name
    }


async def sql(database: Database, statement: str, **values: object) -> None:
    async with database.session() as session:
        await session.execute(text(statement), values)
        await session.commit()


async def call_with_every_answer(world: World, signed_in: SignedIn, jobs: JobRunner) -> str:
    jobs.sender.answers[world.member.push_token] = TokenDead("UNREGISTERED")
    jobs.sender.answers[world.probationary.push_token] = RetryAfter(timedelta(seconds=15), "UNAVAILABLE")
    jobs.sender.answers[world.minute_taker.push_token] = Rejected("INVALID_ARGUMENT")
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    return meeting_id


async def test_each_result_is_counted_where_it_is_stored(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    meeting_id = await call_with_every_answer(world, signed_in, jobs)
    meters = jobs.office.meters
    results = counted(meters, "sotay_push_outcomes_total")
    assert {kind for _, _, kind in results} == {"meeting_announced"}
    by_outcome = {outcome: sum(n for (o, *_), n in results.items() if o == outcome) for outcome, *_ in results}
    assert by_outcome == {"sent": len(awake_phones_of(world)) - 3, "token_dead": 1, "retried": 1, "rejected": 1}

    clock.advance(seconds=1)
    await took(signed_in(world.secretary), meeting_id, "cancel", {"reason": "Mưa bão"})
    clock.advance(hours=5)
    await jobs.run()
    withdrawn = counted(meters, "sotay_push_withdrawn_total")
    assert withdrawn["withdrawn", "meeting_announced"] == 2  # the one put off, and the one in Berlin's night
    assert counted(meters, "sotay_push_leases_lost_total") == {(): 0}


async def test_result_of_a_lost_lease_is_counted_as_such_and_as_nothing_else(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    class Overtaken(CollectingSender):
        async def send(
            self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
        ) -> Outcomes:
            del told
            await sql(database, "UPDATE deliveries SET fence = fence + 1")
            return await super().send(message, targets, until=until)

    use_sender(jobs, Overtaken())
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run_one()
    await jobs.run_one()
    phones = len(awake_phones_of(world))
    assert counted(jobs.office.meters, "sotay_push_leases_lost_total") == {(): phones}
    assert counted(jobs.office.meters, "sotay_push_outcomes_total") == {}


async def test_standing_tells_due_from_waiting_quiet_leased_and_lapsed(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    async def open_deliveries() -> OpenDeliveries:
        async with database.session() as session:
            return (await find_standing(session, silence=SILENCE)).deliveries

    await call_with_every_answer(world, signed_in, jobs)
    # One is put off, and it is night in Berlin: nobody is kept waiting by us.
    assert await open_deliveries() == OpenDeliveries(due=0, leased=0, waiting=2, lapsed=0, oldest_due_seconds=0)
    clock.advance(minutes=10)
    late = await open_deliveries()
    assert (late.due, late.waiting) == (1, 1)
    assert late.oldest_due_seconds == 600 - 15
    clock.advance(hours=4)
    morning = await open_deliveries()
    assert (morning.due, morning.waiting) == (2, 0)
    retried = "device_id = (SELECT id FROM devices WHERE push_token = :token)"
    await sql(
        database,
        f"UPDATE deliveries SET leased_until = now() + interval '1 minute' WHERE {retried}",
        token=world.probationary.push_token,
    )
    # Since six in the morning, not since the evening before.
    assert await open_deliveries() == OpenDeliveries(due=1, leased=1, waiting=0, lapsed=0, oldest_due_seconds=600)
    await sql(database, "UPDATE deliveries SET leased_until = now() - interval '1 minute' WHERE outcome IS NULL")
    lapsed = await open_deliveries()
    assert (lapsed.due, lapsed.leased, lapsed.lapsed) == (2, 0, 2)

    async with database.session() as session:
        ended = await list_ended(session)
    lately = {outcome: sum(one.last_day for one in ended if one.outcome == outcome) for outcome in ("sent", "rejected")}
    assert lately == {"sent": len(awake_phones_of(world)) - 3, "rejected": 1}
    assert sum(one.last_hour for one in ended) == 0


async def test_device_deleted_while_a_push_to_it_waits_leaves_nothing_owed(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    jobs.sender.answers[world.member.push_token] = RetryAfter(timedelta(minutes=5), "UNAVAILABLE")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    # One waits for Berlin's morning, the other for its next try.
    for person in (world.away, world.member):
        await sql(database, "DELETE FROM devices WHERE push_token = :token", token=person.push_token)
    clock.advance(hours=5)
    await jobs.run()
    async with database.session() as session:
        standing = await find_standing(session, silence=SILENCE)
        assert standing.deliveries == OpenDeliveries(due=0, leased=0, waiting=0, lapsed=0, oldest_due_seconds=0)
        ended = await session.execute(
            text("SELECT reason, count(*) AS times FROM deliveries WHERE outcome = 'withdrawn' GROUP BY reason")
        )
        assert [tuple(row) for row in ended] == [("no longer owed", 2)]
    clock.advance(hours=5)
    assert await jobs.run() == 0


class DeletingItsPhones(CollectingSender):
    """Asks to be tried later, while the devices it sent to are deleted."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        for target in targets:
            self.answers[target.token] = RetryAfter(timedelta(minutes=5), "UNAVAILABLE")
            await sql(self.database, "DELETE FROM devices WHERE push_token = :token", token=target.token)
        return await super().send(message, targets, until=until, told=told)


async def test_devices_deleted_while_a_push_is_on_its_way_leave_nothing_owed(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase, clock: FakeClock
) -> None:
    use_sender(jobs, DeletingItsPhones(database))
    clock.advance(hours=5)
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    clock.advance(minutes=10)
    await jobs.run()
    async with database.session() as session:
        standing = await find_standing(session, silence=SILENCE)
    assert standing.deliveries == OpenDeliveries(due=0, leased=0, waiting=0, lapsed=0, oldest_due_seconds=0)


async def test_standing_of_lanes_and_workers(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    await announced(signed_in(world.secretary), world.branch_a)
    await sql(
        database,
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '31 seconds')",
    )
    await sql(
        database,
        """
        INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at, worker_id)
        VALUES ('bulk', 'later', 'todo', now() + interval '1 hour', NULL),
            ('bulk', 'late', 'todo', now() - interval '10 minutes', NULL),
            ('bulk', 'held', 'doing', NULL, (SELECT min(id) FROM procrastinate_workers))
        """,
    )
    async with database.session() as session:
        standing = await find_standing(session, silence=SILENCE)
    urgent, bulk = standing.lanes
    assert (urgent.lane, urgent.due, urgent.waiting, urgent.oldest_due_seconds) == ("urgent", 1, 0, 0)
    assert (bulk.due, bulk.waiting, bulk.doing, bulk.oldest_due_seconds) == (1, 1, 1, 600)
    assert [(worker.alive, worker.doing) for worker in standing.workers] == [(True, 1), (False, 0)]


async def test_platform_that_takes_nothing_is_told_with_its_reason(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    jobs.sender.answers[world.member.push_token] = LaneStopped("THIRD_PARTY_AUTH_ERROR")
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    async with database.session() as session:
        circuits = (await find_standing(session, silence=SILENCE)).circuits
    assert [one.platform for one in circuits if one.is_open] == ["android"]
    assert {one.reason for one in circuits if one.is_open} == {"THIRD_PARTY_AUTH_ERROR"}
    told = [metric for metric in await measure(database, silence=SILENCE) if metric.name == "sotay_push_circuit_open"]
    assert {one.labels["platform"]: one.value for one in told[0].samples} == {"android": 1, "ios": 0, "web": 0}


def require_drawn(labels: dict[str, set[str]]) -> None:
    """The dashboard draws each of our figures, and nothing that is not told."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    drawn: set[str] = set()
    for panel in panels:
        assert " · " in panel["title"]
        for target in panel["targets"]:
            found = re.findall(r"(?:sotay|process)_\w+", target["expr"])
            assert found, target
            assert set(found) <= set(labels), target
            drawn.update(found)
            grouped = {part for each in re.findall(r"by \(([\w, ]+)\)", target["expr"]) for part in each.split(", ")}
            shown_labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) - {"instance"}
            assert shown_labels <= grouped <= set().union(*(labels[name] for name in found)), target
    ours = {re.sub(r"_(count|sum)$", "_bucket", name) for name in labels if name.startswith("sotay_")}
    assert drawn >= ours


async def test_alerts_name_only_what_is_told_and_nothing_personal_is(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    await call_with_every_answer(world, signed_in, jobs)
    meters = jobs.office.meters
    with meters.job(TASKS[0].name):
        pass
    with pytest.raises(ValueError, match="broken"), meters.job(TASKS[0].name):
        raise ValueError("broken")
    meters.rescued(1)
    requests = RequestMeters()
    requests.answered(method="GET", route="/v1/me", status=500, seconds=0.2)
    requests.answered(method="BREW", route=None, status=0, seconds=0.2)
    requests.asked_of_replica(is_answered=True)
    requests.asked_of_replica(is_answered=False)
    requests.registry.register(AskedAtScrape(partial(measure, database, silence=SILENCE)))
    port = free_port()
    async with (
        exposed(requests.registry, host="127.0.0.1", port=port),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        scraped = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert scraped.status_code == 200
    told = samples(scraped.text) | samples(generate_latest(meters.registry).decode())
    labels: dict[str, set[str]] = {}
    values: dict[str, set[str]] = {}
    for name, pairs in told:
        labels.setdefault(name, set()).update(label for label, _ in pairs)
        values.setdefault(name, set()).update(value for _, value in pairs)
    assert told["sotay_figures_up", frozenset()] == 1
    assert told["sotay_push_deliveries", frozenset({("state", "waiting")})] == 2
    assert told["sotay_http_requests_total", frozenset({("method", "other"), ("route", "none"), ("status", "0")})] == 1
    assert {name for name in labels if name.startswith("process_")}  # memory, processor time, open files

    rules = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    assert len(rules) >= 7
    for rule in rules:
        expression = rule["expr"]
        named = re.findall(r"(sotay_\w+)(?:\{([^}]*)\})?", expression)
        assert named, rule
        for name, matchers in named:
            assert name in labels, (rule["alert"], name)
            for label, sign, value in re.findall(r'(\w+)(=~|!~|=)"([^"]*)"', matchers):
                assert label in labels[name], (rule["alert"], label)
                assert sign != "=" or value in values[name], (rule["alert"], value)
        shown = re.findall(r"by \(([\w, ]+)\)", expression) + re.findall(r"\$labels\.(\w+)", str(rule))
        assert {part for each in shown for part in each.split(", ")} <= LABELS
        for words in rule["annotations"].values():
            vietnamese, english = words.split(" · ", 1)
            assert vietnamese
            assert english
    require_drawn(labels)
    assert {rule["expr"] for rule in rules if "oldest_due" in rule["expr"]} == {
        f"max(sotay_push_oldest_due_seconds) > {LATE_AFTER.seconds}",
        f"max by (lane) (sotay_jobs_oldest_due_seconds) > {LATE_AFTER.seconds}",
    }

    assert set().union(*labels.values()) <= LABELS
    everything = " ".join(f"{name} {sorted(pairs)}" for name, pairs in told)
    for secret in (*phones_of(world), str(world.branch_a), str(world.member.member_id), "Lê Văn Cường"):
        assert secret not in everything


async def test_scrape_does_not_wait_for_a_database_that_does_not_answer() -> None:
    async def hang() -> tuple[()]:
        await asyncio.Event().wait()
        return ()

    async def fail() -> tuple[()]:
        raise OperationalError("SELECT", None, Exception())

    for ask in (hang, fail):
        meters = RequestMeters()
        meters.registry.register(AskedAtScrape(ask, seconds=0.1))
        told = samples((await asyncio.to_thread(generate_latest, meters.registry)).decode())
        assert told["sotay_figures_up", frozenset()] == 0
        assert told["sotay_http_requests_in_flight", frozenset()] == 0


async def test_metrics_stay_away_without_a_port_and_a_taken_port_stops_nothing() -> None:
    async with exposed(RequestMeters().registry, host="127.0.0.1", port=None):
        pass
    port = free_port()
    async with (
        exposed(RequestMeters().registry, host="127.0.0.1", port=port),
        exposed(RequestMeters().registry, host="127.0.0.1", port=port),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        assert (await client.get(f"http://127.0.0.1:{port}/metrics")).status_code == 200


async def test_requests_are_counted_by_the_template_of_their_route(
    world: World, signed_in: SignedIn, app: FastAPI
) -> None:
    client = signed_in(world.secretary)
    await client.get(f"/v1/members/{world.member.member_id}")
    await client.get(f"/v1/members/{world.member.member_id}/nothing")
    meters: RequestMeters = app.state.meters
    told = generate_latest(meters.registry).decode()
    assert 'sotay_http_requests_total{method="GET",route="/v1/members/{member_id}",status="200"} 1.0' in told
    assert 'sotay_http_requests_total{method="GET",route="none",status="404"} 1.0' in told
    assert 'sotay_http_request_seconds_count{method="GET",route="/v1/members/{member_id}"} 1.0' in told
    assert "sotay_http_requests_in_flight 0.0" in told
    assert str(world.member.member_id) not in told

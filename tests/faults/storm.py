"""A storm: many pushes, while workers are killed, PostgreSQL is restarted and FCM has bad days."""

import asyncio
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from httpx import ASGITransport, AsyncClient

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.settings import Settings
from app.main import Parts, create_app
from app.notifications.digests.service import MOST
from tests.conftest import cheap_passwords
from tests.factories.announcements import published
from tests.faults.crew import Crew
from tests.faults.handset import Handset
from tests.faults.harness import Place, announce, push_settings, sql
from tests.faults.ledger import LEAST_SECONDS, Key, Ledger
from tests.fcm import LoopbackFcm
from tests.fcm.mix import Mix

AWAY = 10
"""Each such phone is away until the storm is over."""
GLANCE_SECONDS = 0.25
MANY = 50
"""So many sends since the last kill say that the workers work."""
ENOUGH = 0.9
"""A notice that this part of the phones was sent is as good as through."""
AT_ONCE = 40_000
"""Notices to so many phones may be under way: while some wait for leases of the dead to run out, others are sent."""
GATHERED_SECONDS = 900
"""So long after an announcement its pushes may count towards a digest: ten minutes, and what they wait meanwhile."""
SETTLED_SECONDS = 3
"""FCM has read and answered by then whatever a worker had sent when it died; nobody else may send it again so soon."""

_INSTALL_ANEW = """
UPDATE devices SET push_token = 'token-again-' || %s || '-' || devices.id, quarantined_token = NULL, updated_at = now()
FROM (SELECT id, updated_at FROM devices WHERE push_token IS NULL AND id = ANY (%s::uuid[]) FOR UPDATE) AS dropped
WHERE devices.id = dropped.id
RETURNING devices.id::text, devices.push_token, dropped.updated_at
"""


@dataclass(frozen=True)
class Weather:
    """How bad it gets. Seconds, but for counts, and for `share`, each error's share of the sends.

    A worker is killed, and the server restarted, when its time has come and something was sent since the last time;
    where that was little, workers live `patient` times as long. On a machine so busy that none gets as far as sending,
    nothing would be proven.

    The lease outlasts a send's last moment by the timeout and twenty seconds. FCM counts from when it has read a
    request, seconds late on a busy machine: so a push whose answer died with its worker does not come again too early.
    """

    seed: int
    workers: int = 10
    kill_every: float = 3
    patient: int = 5
    restart_every: float = 60
    revoke_every: float = 20
    pause_every: float = 60
    pause_seconds: float = 10
    share: float = 0.02
    errors_each: int = 2
    beat: float = 2
    lease: float = 44
    timeout: float = 13
    patience: float = 600


@dataclass
class Figures:
    """What came of it; the first five must be nought, and no more repeated than was lost with who died."""

    lost: int
    shown_twice: int
    sent_to_dead_tokens_after_the_refusal: int
    retries_early: int
    sent_to_resting_lanes_after_the_pause: int
    repeats: int
    answered_but_not_stored_when_somebody_died: int
    sent_to_dead_tokens_meanwhile: int
    sent_to_dead_tokens_since_a_refusal_was_not_stored: int
    sent_to_resting_lanes_meanwhile: int
    repeats_since_no_good_answer_came: int
    deliveries: int
    sends: int
    taken: int
    dead_tokens: int
    messages_refused: int
    dropped_for_phones_away: int
    kills: int
    restarts: int
    workers_that_ended_themselves: int
    seconds: int

    @property
    def is_kept(self) -> bool:
        """Whether every promise held."""
        broken = self.lost + self.shown_twice + self.retries_early
        broken += self.sent_to_dead_tokens_after_the_refusal + self.sent_to_resting_lanes_after_the_pause
        repeats = self.repeats + self.sent_to_dead_tokens_since_a_refusal_was_not_stored
        return broken == 0 and repeats <= self.answered_but_not_stored_when_somebody_died


@dataclass(frozen=True)
class _Death:
    """A worker that died, or with None all connections, and what had no outcome then.

    What it had sent by then is known once FCM has read it, at the latest some seconds `after` (`time.monotonic`).
    """

    of: str | None
    owed: list[Key]
    after: float


class Storm:
    """One branch, so many phones and notices, and the weather over them."""

    def __init__(
        self, place: Place, home: Path, weather: Weather, *, phones: int, notices: int, say: Callable[[str], None]
    ) -> None:
        """`home` is a directory for logs and the service account; what happens is told to `say`."""
        self._place = place
        self._home = home
        self._weather = weather
        self._notices = notices
        self._say = say
        place.grow(phones - len(place.phones()))
        tokens = sorted(place.phones())
        self._device_tokens: dict[str, str] = dict(
            sql(place.url, "SELECT id::text, push_token FROM devices WHERE push_token IS NOT NULL")
        )
        self._owed_from = dict.fromkeys(tokens, 0)
        """By token the number of the first notice that it is told of."""
        self._dropped_at: dict[str, datetime] = {}
        self._broad_at: list[float] = []
        self._deaths: list[_Death] = []
        chance = random.Random(weather.seed)  # noqa: S311 nothing secret: a run that can be repeated
        away = set(chance.sample(tokens, len(tokens) // AWAY))
        self._ledger = Ledger(weather.timeout, weather.lease - LEAST_SECONDS)
        self._ledger.phones = {token: Handset(is_away=token in away) for token in self._device_tokens.values()}
        self.mix = Mix(
            chance,
            share=weather.share,
            errors_each=weather.errors_each,
            late_seconds=weather.timeout + 1,
            pause_every=weather.pause_every,
            pause_seconds=weather.pause_seconds,
        )

    def rage(self, postgres: EmbeddedPostgres | None = None) -> Figures:
        """Announce everything, go on until nothing is owed any more, and judge. Without a server none is restarted."""
        weather = self._weather
        restarts = 0
        began = time.monotonic()
        with LoopbackFcm(self._home) as fcm:
            fcm.answer_by(self.mix)
            fcm.hand_to(self._ledger.note)
            settings = push_settings(
                fcm,
                SOTAY_DATABASE_URL=self._place.url,
                SOTAY_DATA_DIR=str(self._home),
                SOTAY_PUSH_LEASE_SECONDS=str(weather.lease),
                SOTAY_PUSH_TIMEOUT_SECONDS=str(weather.timeout),
                SOTAY_PUSH_CONCURRENCY="200",
                SOTAY_WORKER_HEARTBEAT_SECONDS=str(weather.beat),
            )
            next_restart, next_revoke = began + weather.restart_every, began + weather.revoke_every
            killed_at = began
            announced = sends_at_kill = sends_at_restart = 0
            next_look = next_glance = began
            with Crew(weather.workers, settings, self._home / "workers.log") as crew:
                while True:
                    now = time.monotonic()
                    for gone in crew.muster():
                        self._note_death(gone)
                    sent = self._ledger.sends - sends_at_kill
                    if sent and now >= killed_at + weather.kill_every * (1 if sent >= MANY else weather.patient):
                        sends_at_kill += sent
                        self._note_death(crew.kill_the_eldest())
                        killed_at = now
                    if postgres is not None and now >= next_restart and self._ledger.sends > sends_at_restart:
                        sends_at_restart = self._ledger.sends
                        postgres.stop()
                        postgres.start()
                        self._note_death(None)
                        restarts += 1
                        next_restart = time.monotonic() + weather.restart_every
                    if now >= next_revoke:
                        fcm.oauth.revoke()
                        next_revoke = now + weather.revoke_every
                    announced += self._announce_if_it_is_time(announced)
                    self._count_deaths(now)
                    if now >= next_glance:
                        self._look_at_lanes()
                        next_glance = now + GLANCE_SECONDS
                    if now >= next_look:
                        owed, next_job = self._owed(), self._next_job()
                        self._say(
                            f"{now - began:5.0f} s: {announced} notices, {owed} owed, next job in {next_job} s,"
                            f" {self._ledger.sends} sends, {crew.kills} kills, {restarts} restarts"
                        )
                        if announced == self._notices and owed == 0 and self._place.jobs() == 0:
                            break
                        next_look = now + 5
                    self._be_patient(now - began)
                    time.sleep(0.05)  # the weather of a long run goes by the real clock
            seconds = time.monotonic() - began
            kills, ended = crew.kills, crew.ended
        self._count_deaths(math.inf)
        for phone in self._ledger.phones.values():
            phone.come_back(now=time.time())
        return self._judge(kills=kills, ended=ended, restarts=restarts, seconds=int(seconds))

    def _note_death(self, of: str | None) -> None:
        open_ = "SELECT device_id::text, notification_id::text FROM deliveries WHERE outcome IS NULL"
        rows = sql(self._place.url, open_)
        owed = [(self._device_tokens[device], notice) for device, notice in rows if device in self._device_tokens]
        self._deaths.append(_Death(of, owed, time.monotonic() + SETTLED_SECONDS))

    def _count_deaths(self, now: float) -> None:
        while self._deaths and self._deaths[0].after <= now:
            death = self._deaths.pop(0)
            self._ledger.note_death(death.owed, of=death.of)

    def _is_time_for(self, number: int) -> bool:
        alive = len(self._owed_from) - len(self._ledger.dead)
        through = sum(tried >= ENOUGH * alive for tried in list(self._ledger.tried.values()))
        return number < through + max(AT_ONCE // len(self._device_tokens), 1)

    def _announce_if_it_is_time(self, number: int) -> bool:
        is_time = number < self._notices and self._is_time_for(number)
        if is_time:
            self._install_anew(number)
            asyncio.run(self._announce(number))
        return is_time

    def _install_anew(self, number: int) -> None:
        """Give the phones whose tokens were dropped another one, as their apps do when they are opened."""
        rows = sql(self._place.url, _INSTALL_ANEW, number, list(self._device_tokens))
        for device, token, dropped_at in rows:
            self._dropped_at[self._device_tokens[device]] = dropped_at
            self._device_tokens[device] = token
            self._ledger.phones[token] = Handset()
            self._owed_from[token] = number

    async def _announce(self, number: int) -> None:
        """Call a meeting, or publish an announcement where that makes no digest, through the API."""
        place = self._place
        database = PooledDatabase(place.url, clock=system_clock, pool_size=2, statement_timeout_ms=60_000)
        settings = Settings(data_dir=self._home, public_url=place.keys.issuer, rate_limit_per_minute=0)
        app = create_app(Parts(settings=settings, database=database, passwords=cheap_passwords(), keys=place.keys))
        headers = place.headers(place.world.secretary)
        now = time.monotonic()
        self._broad_at = [at for at in self._broad_at if at > now - GATHERED_SECONDS]
        async with AsyncClient(transport=ASGITransport(app), base_url=place.keys.issuer, headers=headers) as client:
            if number % 2 and len(self._broad_at) < MOST:
                self._broad_at.append(now)
                await published(client, place.world.branch_a)
            else:
                await announce(client, place)
        await database.close()

    def _look_at_lanes(self) -> None:
        resting = "SELECT platform, extract(epoch FROM busy_until) FROM push_lanes WHERE busy_until > now()"
        for platform, until in sql(self._place.url, resting):
            self._ledger.see_pause(platform, float(until))

    def _be_patient(self, seconds: float) -> None:
        """Give up in the end, and say what is left: jobs, workers, lanes, and some of the deliveries."""
        if seconds < self._weather.patience:
            return
        lines = [f"not through after {seconds:.0f} s"]
        for rows in (
            "(SELECT now(), * FROM procrastinate_jobs WHERE task_name LIKE 'notifications.%%' ORDER BY id LIMIT 40)",
            "procrastinate_workers",
            "push_lanes",
            "push_bucket",
            "(SELECT * FROM deliveries WHERE outcome IS NULL LIMIT 40)",
        ):
            lines += [rows, *(f"  {row}" for (row,) in sql(self._place.url, f"SELECT found FROM {rows} AS found"))]
        raise TimeoutError("\n".join(lines))

    def _owed(self) -> int:
        return int(sql(self._place.url, "SELECT count(*) FROM deliveries WHERE outcome IS NULL")[0][0])

    def _next_job(self) -> int | None:
        """In how many seconds the next job of a notice is due; None without one."""
        due = "extract(epoch FROM min(coalesce(scheduled_at, now())) - now())"
        notices = "task_name LIKE 'notifications.%%' AND status = 'todo'"
        seconds = sql(self._place.url, f"SELECT {due} FROM procrastinate_jobs WHERE {notices}")[0][0]
        return None if seconds is None else int(seconds)

    def _judge(self, *, kills: int, ended: int, restarts: int, seconds: int) -> Figures:
        ledger = self._ledger
        for early in ledger.early[:MANY]:
            self._say(f"too early by {early}")
        notices = [str(one) for (one,) in sql(self._place.url, "SELECT id FROM notifications ORDER BY id")]
        assert len(notices) == self._notices
        for device, at in sql(self._place.url, "SELECT id::text, updated_at FROM devices WHERE push_token IS NULL"):
            if device in self._device_tokens:
                self._dropped_at[self._device_tokens[device]] = at
        meanwhile, after = ledger.sent_to_dead_after(self._dropped_at)
        resting_meanwhile, resting_after = ledger.sent_in_pauses()
        return Figures(
            lost=sum(
                ledger.lost(token, notice) for token, first in self._owed_from.items() for notice in notices[first:]
            ),
            shown_twice=ledger.shown_twice(),
            sent_to_dead_tokens_after_the_refusal=after,
            retries_early=len(ledger.early),
            sent_to_resting_lanes_after_the_pause=resting_after,
            repeats=ledger.repeats,
            answered_but_not_stored_when_somebody_died=ledger.unstored,
            sent_to_dead_tokens_meanwhile=meanwhile,
            sent_to_dead_tokens_since_a_refusal_was_not_stored=ledger.refused_repeats,
            sent_to_resting_lanes_meanwhile=resting_meanwhile,
            repeats_since_no_good_answer_came=ledger.unclear_repeats,
            deliveries=sum(ledger.tried.values()),
            sends=ledger.sends,
            taken=ledger.taken,
            dead_tokens=len(ledger.dead),
            messages_refused=len(ledger.rejected),
            dropped_for_phones_away=sum(len(phone.dropped - set(phone.seen)) for phone in ledger.phones.values()),
            kills=kills,
            restarts=restarts,
            workers_that_ended_themselves=ended,
            seconds=seconds,
        )

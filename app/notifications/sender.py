"""Sends pushes: `FcmSender` through Firebase Cloud Messaging (HTTP v1), `RecordingSender` onto a screen."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from firebase_admin.credentials import Certificate
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.request import ConsumedRequest, RequestBody

from app.kernel.clock import Clock, system_clock
from app.kernel.i18n import Text
from app.kernel.push import (
    Dismissal,
    LaneBusy,
    LaneStopped,
    Message,
    Outcome,
    Outcomes,
    Platform,
    Rejected,
    RetryAfter,
    Sent,
    Target,
)
from app.notifications.fcm import LEAST_DELAY, UNHEARD_DELAY, Answer, Bodies, retry_after

RENEW_EARLY = timedelta(minutes=5)
_DISMISSED = Text(vi="(gỡ thông báo)", en="(notice taken away)")


class _Batch:
    """The targets of one call of `send`: those that wait, how many are under way, and what became of the others."""

    def __init__(self, bodies: Bodies, targets: Sequence[Target], until: datetime, outcomes: Outcomes) -> None:
        self.bodies = bodies
        self.until = until
        self.targets = deque(targets)
        self.outcomes = outcomes
        self.is_through: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._underway = 0

    def begin(self) -> Target:
        self._underway += 1
        return self.targets.popleft()

    def end(self) -> None:
        self._underway -= 1
        if not self.targets and not self._underway and not self.is_through.done():
            self.is_through.set_result(None)

    def fail(self, error: Exception) -> None:
        self.targets.clear()
        if not self.is_through.done():
            self.is_through.set_exception(error)


class FcmSender:
    """Holds the service account's access token and a pool of connections for one event loop."""

    def __init__(
        self,
        credentials_file: Path,
        *,
        url: str,
        clock: Clock,
        timeout_seconds: float,
        concurrency: int,
        renew_early: timedelta = RENEW_EARLY,
    ) -> None:
        """Read the service account; raises OSError or ValueError when the file is missing or not one.

        `url` is FCM's base address; `timeout_seconds` bounds one send with its answer; `concurrency` the
        sends under way at once, counted over all calls of `send`.
        """
        certificate = Certificate(str(credentials_file))
        self._clock = clock
        self._access = _Access(certificate, clock=clock, renew_early=renew_early, timeout_seconds=timeout_seconds)
        self._endpoint = f"{url.rstrip('/')}/v1/projects/{certificate.project_id}/messages:send"
        self._concurrency = concurrency
        self._urgent: deque[_Batch] = deque()
        self._bulk: deque[_Batch] = deque()
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._prepared: tuple[str, ConsumedRequest] | None = None
        self._held: dict[Platform, datetime] = {}
        self._client = (
            ClientBuilder()
            .http2(url.startswith("https://"))
            .timeout(timedelta(seconds=timeout_seconds))
            .pool_max_idle_per_host(concurrency)
            .follow_redirects(enable=False)  # a redirect would carry the access token elsewhere
            .no_proxy()
            .default_headers({"Content-Type": "application/json"})
            .build()
        )

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        """See `PushSender.send`. What is urgent goes first, and of its kind what came first."""
        batch = _Batch(Bodies(message, self._clock()), targets, until, {} if told is None else told)
        if not targets:
            return batch.outcomes
        is_urgent = not isinstance(message, Dismissal) and message.urgent
        (self._urgent if is_urgent else self._bulk).append(batch)
        for _ in range(min(self._concurrency - self._working, len(targets))):
            self._working += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await batch.is_through
        finally:
            batch.targets.clear()
        return batch.outcomes

    async def _work(self) -> None:
        """Send what waits, until nothing does: a task for each of the sends under way at once, not for each send."""
        while (batch := self._next()) is not None:
            target = batch.begin()
            try:
                await self._serve(batch, target)
            except Exception as error:  # noqa: BLE001 whoever called `send` shall have it
                batch.fail(error)
            finally:
                batch.end()
        self._working -= 1  # at once: the next call of `send` must not count on this task

    async def _serve(self, batch: _Batch, target: Target) -> None:
        now = self._clock()
        if now >= batch.until:
            batch.targets.clear()
        elif now >= self._held.get(target.platform, now):
            outcome = await self._send_one(batch, target)
            if outcome is None:
                batch.targets.clear()
                return
            batch.outcomes[target.device_id] = outcome
            if not isinstance(outcome, Sent):
                self._hold(target.platform, outcome)

    def _next(self) -> _Batch | None:
        for waiting in (self._urgent, self._bulk):
            while waiting:
                if waiting[0].targets:
                    return waiting[0]
                waiting.popleft()
        return None

    def _hold(self, platform: Platform, outcome: Outcome) -> None:
        """Leave a platform alone that asked for it, in the sends under way; what is leased later asks the lanes."""
        match outcome:
            case LaneBusy(delay=delay):
                until = self._clock() + delay
            case LaneStopped():
                until = self._clock() + LEAST_DELAY
            case _:
                return
        self._held[platform] = max(until, self._held.get(platform, until))

    async def aclose(self) -> None:
        """See `PushSender.aclose`."""
        self._access.close()
        for task in self._tasks:
            task.cancel()
        await self._client.close()

    async def _send_one(self, batch: _Batch, target: Target) -> Outcome | None:
        """Return what came of one send; None if the access token was so long in coming that it did not begin."""
        try:
            body = batch.bodies.to(target)
        except ValueError as error:
            return Rejected(f"INVALID_MESSAGE: {error}")
        try:
            access_token = self._access.good_token() or await self._access.token()
            if self._clock() >= batch.until:
                return None
            answer = await self._post(body, access_token)
            if answer.refuses_access:
                access_token = await self._access.token(refused=access_token)
                if self._clock() < batch.until:
                    answer = await self._post(body, access_token)
        except _NoAccessError as error:
            return RetryAfter(LEAST_DELAY, f"no access token: {error}"[:200])
        except PyreqwestError as error:
            return RetryAfter(UNHEARD_DELAY, type(error).__name__)
        if not answer.refuses_access:
            self._access.accepted(access_token)
        return answer.outcome(target.token)

    async def _post(self, body: bytes, access_token: str) -> Answer:
        request = self._request(access_token).copy()
        request.body = RequestBody.from_bytes(body)
        response = await request.send()
        content = bytes(await response.bytes())
        if response.status == HTTPStatus.OK:
            return Answer(HTTPStatus.OK, content)
        asked = retry_after(response.get_header("retry-after"), date=response.get_header("date"), now=self._clock())
        return Answer(response.status, content, asked)

    def _request(self, access_token: str) -> ConsumedRequest:
        """Return the request without a body; a copy of it costs a third less than another one."""
        if self._prepared is None or self._prepared[0] != access_token:
            self._prepared = access_token, self._client.post(self._endpoint).bearer_auth(access_token).build()
        return self._prepared[1]


class RecordingSender:
    """Shows each push as a phone would, instead of sending it; keeps nothing and contacts nobody."""

    def __init__(self, write: Callable[[str], None], clock: Clock) -> None:
        """Call `write` once a push, with four lines (two for a dismissal) and no line break at the end."""
        self._write = write
        self._clock = clock

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        """See `PushSender.send`."""
        outcomes: Outcomes = {} if told is None else told
        for target in targets:
            now = self._clock()
            if now >= until:
                break
            self._write(_as_shown(message, target, now))
            outcomes[target.device_id] = Sent(None)
        return outcomes

    async def aclose(self) -> None:
        """See `PushSender.aclose`."""


def _as_shown(message: Message, target: Target, now: datetime) -> str:
    try:
        shown_at = now.astimezone(ZoneInfo(target.time_zone))
    except (ZoneInfoNotFoundError, ValueError):
        shown_at = now.astimezone(UTC)
    where = f"┌─ {shown_at:%H:%M %Z} · {target.device_name} · {target.platform}"
    if isinstance(message, Dismissal):
        return f"{where}\n└─ {_DISMISSED.to(target.locale)}"
    return (
        f"{where} · {message.channel}\n"
        f"│  {message.title.to(target.locale)}\n"
        f"│  {message.body.to(target.locale)}\n"
        f"└─ {message.link}"
    )


class _NoAccessError(Exception):
    """Google gave no access token, or refused the two it gave last."""


class _Access:
    """The service account's access token: one renewal at a time, off the event loop, before it expires."""

    def __init__(
        self, certificate: Certificate, *, clock: Clock, renew_early: timedelta, timeout_seconds: float
    ) -> None:
        self._certificate = certificate
        self._clock = clock
        self._renew_early = renew_early
        self._timeout_seconds = timeout_seconds
        self._lock = asyncio.Lock()
        self._fetch: asyncio.Task[tuple[str, datetime | None]] | None = None
        self._token: str | None = None
        self._renew_at = self._expires_at = self._rest_until = datetime.min.replace(tzinfo=UTC)
        self._problem = ""
        self._doubtful: str | None = None

    async def token(self, *, refused: str | None = None) -> str:
        """Return a token other than the `refused` one; raises _NoAccessError.

        After a failed renewal, and after two tokens in a row were refused, nobody asks again for ten seconds:
        five hundred sends under way would otherwise ask five hundred times.
        """
        if self._token != refused and (token := self.good_token()) is not None:
            return token
        async with self._lock:
            if refused is not None and refused == self._token:
                self._token = None
                if refused == self._doubtful:
                    self._rest("the renewed token was refused as well")
            if (self._token is None or self._clock() >= self._renew_at) and self._clock() >= self._rest_until:
                await self._renew()
                self._doubtful = self._token if refused is not None else None
            if self._token is None or self._clock() >= self._expires_at:
                raise _NoAccessError(self._problem)
            return self._token

    def good_token(self) -> str | None:
        """Return the token, unless there is none or it is due to be renewed."""
        return self._token if self._clock() < self._renew_at else None

    def accepted(self, token: str) -> None:
        """Note that FCM took the token: a later refusal of it is worth a renewal."""
        if token == self._doubtful:
            self._doubtful = None

    def close(self) -> None:
        """Wait for no renewal any more."""
        if self._fetch is not None:
            self._fetch.cancel()

    def _rest(self, problem: str) -> None:
        self._rest_until = self._clock() + LEAST_DELAY
        self._problem = problem

    async def _renew(self) -> None:
        # A fetch that outlasts its time is waited for again, not doubled: its thread cannot be stopped.
        if self._fetch is None:
            self._fetch = asyncio.create_task(asyncio.to_thread(self._certificate.get_access_token))
        await asyncio.wait({self._fetch}, timeout=self._timeout_seconds)
        if not self._fetch.done():
            self._rest("the token endpoint does not answer")
            return
        fetch, self._fetch = self._fetch, None
        error = fetch.exception()
        if error is not None:
            self._rest(f"{type(error).__name__}: {error}")
            return
        token, expiry = fetch.result()
        if expiry is None:
            self._rest("the token endpoint names no expiry")
            return
        self._token = token
        # Google's library stamps the expiry by the machine's clock, whatever this sender's clock says.
        life = expiry.replace(tzinfo=UTC) - system_clock()
        self._expires_at = self._clock() + life
        self._renew_at = self._expires_at - min(self._renew_early, life / 2)

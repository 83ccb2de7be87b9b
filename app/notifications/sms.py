"""Sends text messages: `HttpSmsSender` through a gateway, `RecordingSmsSender` onto a screen."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import httpx
import structlog

from app.kernel.clock import Clock
from app.kernel.push import Rejected, RetryAfter, Sent
from app.kernel.sms import Sms, SmsOutcome
from app.notifications.fcm import LEAST_DELAY, MINUTE, retry_after

log = structlog.get_logger()

CONCURRENCY = 5
"""Sends under way at once: gateways allow a few a second."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
_NOT_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})


class HttpSmsSender:
    """Posts `{to, from, text, reference}` to a gateway, with a bearer token and the reference as `Idempotency-Key`.

    A phone cannot replace one message by another: after a crash only a gateway that heeds the key sends it once.
    """

    def __init__(self, url: str, *, token: str, sender: str, clock: Clock, timeout_seconds: float) -> None:
        """`sender` is the name that shall stand above the message; `timeout_seconds` bounds one send."""
        self._url = url
        self._sender = sender
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {token}"}, timeout=timeout_seconds, trust_env=False
        )

    async def send(self, messages: Sequence[Sms], *, until: datetime) -> dict[UUID, SmsOutcome]:
        """See `SmsSender.send`."""
        outcomes: dict[UUID, SmsOutcome] = {}

        async def send(message: Sms) -> None:
            async with self._slots:
                if self._clock() < until:
                    outcomes[message.reference] = await self._send_one(message)

        async with asyncio.TaskGroup() as group:
            for message in messages:
                group.create_task(send(message))
        return outcomes

    async def aclose(self) -> None:
        """See `SmsSender.aclose`."""
        await self._client.aclose()

    async def _send_one(self, message: Sms) -> SmsOutcome:
        reference = str(message.reference)
        body = {"to": message.phone, "from": self._sender, "text": message.text, "reference": reference}
        try:
            # Status and headers say all that is asked for: what comes after them, however much it is, is not read.
            async with self._client.stream(
                "POST", self._url, json=body, headers={"Idempotency-Key": reference}
            ) as answer:
                return self._outcome(answer)
        except httpx.HTTPError as error:
            return RetryAfter(LEAST_DELAY, type(error).__name__)

    def _outcome(self, answer: httpx.Response) -> SmsOutcome:
        """Say what became of a send; of the gateway's own words nothing is kept, since they may name the number."""
        if answer.is_success:
            return Sent(None)
        reason = f"HTTP {answer.status_code}"
        asked = retry_after(answer.headers.get("retry-after"), date=answer.headers.get("date"), now=self._clock())
        if answer.status_code in _NOT_US:  # the token, or the account's money: somebody may set it right in time
            log.error("sms_refused", status=answer.status_code)
            return RetryAfter(max(asked or MINUTE, MINUTE), reason)
        if answer.is_client_error and answer.status_code not in _LATER:
            return Rejected(reason)
        return RetryAfter(max(asked or LEAST_DELAY, LEAST_DELAY), reason)


class RecordingSmsSender:
    """Shows each message instead of sending it; keeps nothing and contacts nobody."""

    def __init__(self, write: Callable[[str], None], clock: Clock) -> None:
        """Call `write` once a message, with three lines and no line break at the end, as `print` likes it."""
        self._write = write
        self._clock = clock

    async def send(self, messages: Sequence[Sms], *, until: datetime) -> dict[UUID, SmsOutcome]:
        """See `SmsSender.send`."""
        outcomes: dict[UUID, SmsOutcome] = {}
        for message in messages:
            if self._clock() >= until:
                break
            number = f"{message.phone[:3]}…{message.phone[-3:]}"
            self._write(f"┌─ tin nhắn SMS · text message · {number}\n│  {message.text}\n└─")
            outcomes[message.reference] = Sent(None)
        return outcomes

    async def aclose(self) -> None:
        """See `SmsSender.aclose`."""

"""Web Push to browsers without Firebase: encrypted for the browser (RFC 8291), signed by this server (RFC 8292)."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from py_vapid import Vapid02
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pywebpush import WebPusher, WebPushException

from app.kernel.clock import Clock
from app.kernel.i18n import Locale
from app.kernel.push import (
    Dismissal,
    Message,
    Outcome,
    Outcomes,
    PushSender,
    Rejected,
    RetryAfter,
    Sent,
    Target,
    TokenDead,
)
from app.kernel.web_push import PushServices, Subscription, WebPushKey
from app.notifications.fcm import DAY, LEAST_DELAY, MINUTE, retry_after

log = structlog.get_logger()

SIGNED_FOR = timedelta(hours=12)
"""RFC 8292, 2: a day at most; renewed when half of it is over."""
MOST_OF_A_BODY = 4096
SHOWN_OF_A_BODY = 150

# 406 is how Windows' service says 429; 408 tells nothing about the message.
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.TOO_MANY_REQUESTS})
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
# What a push service says when it does not accept the signature: the fault is here, and each message meets it.
_NOT_US = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Vapid:
    """Says who sends: a token for each push service, signed anew every six hours."""

    def __init__(self, key: WebPushKey, *, contact: str) -> None:
        """`contact` is a `mailto:` or `https:` address (RFC 8292, 2.1)."""
        self._key = key
        self._contact = contact
        self._signed: dict[str, tuple[str, datetime]] = {}

    def header(self, origin: str, now: datetime) -> str:
        """Return the `Authorization` for a push service, by its origin; raises OSError or ValueError without a key."""
        header, renew_at = self._signed.get(origin, ("", now))
        if now >= renew_at:
            claims = {"aud": origin, "exp": int((now + SIGNED_FOR).timestamp()), "sub": self._contact}
            # Not strict: the library wants of `https:` a bare host, the standard any address.
            header = Vapid02(self._key.private, conf={"no-strict": True}).sign(claims)["Authorization"]
            self._signed[origin] = (header, now + SIGNED_FOR / 2)
        return header


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of a push service: status, body, and the `Retry-After` it asked for."""

    status: int
    content: bytes
    retry_after: timedelta | None = None

    def outcome(self, subscription: Subscription) -> Outcome:
        """Return what became of the send; no reason repeats the endpoint, which is a secret."""
        if HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            return Sent(None)
        said = self.content.decode(errors="replace").replace(subscription.endpoint, "…")[:SHOWN_OF_A_BODY]
        reason = f"HTTP {self.status} {' '.join(said.split())}".rstrip()
        if self.status in _GONE:
            return TokenDead(reason)
        if self.status in _LATER:
            return RetryAfter(max(self.retry_after or MINUTE, LEAST_DELAY), reason)
        if HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Rejected(reason)
        return RetryAfter(max(self.retry_after or LEAST_DELAY, LEAST_DELAY), reason)


class WebPushSender:
    """Writes to the push services of browsers, and to nobody else; holds the connections for one event loop."""

    def __init__(
        self,
        vapid: Vapid,
        *,
        services: PushServices,
        clock: Clock,
        timeout_seconds: float,
        concurrency: int,
    ) -> None:
        """`timeout_seconds` bounds one send with its answer; `concurrency` the sends under way at once."""
        self._vapid = vapid
        self._services = services
        self._clock = clock
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._client = (
            ClientBuilder()
            .http2(enable=True)
            .timeout(timedelta(seconds=timeout_seconds))
            .pool_max_idle_per_host(concurrency)
            .follow_redirects(enable=False)  # a redirect would lead past the list of services
            .no_proxy()
            .build()
        )

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        """See `PushSender.send`; a target's token is its subscription."""
        outcomes: Outcomes = {} if told is None else told
        headers = _headers(message, self._clock())
        contents = {locale: _content(message, locale) for locale in {target.locale for target in targets}}
        refusing: set[str] = set()
        waiting = iter(targets)

        async def send_what_waits() -> None:
            for target in waiting:
                async with self._slots:
                    if self._clock() >= until:
                        return
                    outcomes[target.device_id] = await self._send_one(
                        Subscription.read(target.token), contents[target.locale], headers, refusing
                    )

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._concurrency, len(targets))):
                group.create_task(send_what_waits())
        for reason in sorted(refusing):
            log.error("web_push_refused", by=reason)
        return outcomes

    async def aclose(self) -> None:
        """See `PushSender.aclose`."""
        await self._client.close()

    async def _send_one(
        self, subscription: Subscription | None, content: bytes, headers: dict[str, str], refusing: set[str]
    ) -> Outcome:
        # Asked again: the list may be another than when the browser was registered.
        if subscription is None or not self._services.include(subscription.endpoint):
            return Rejected("PUSH_SERVICE_UNKNOWN")
        try:
            body = _encrypt(content, subscription)
        except ValueError as error:
            return Rejected(f"SUBSCRIPTION_NOT_VALID: {error}"[:200])
        now = self._clock()
        try:
            signed = {**headers, "Authorization": self._vapid.header(subscription.origin, now)}
        except (OSError, ValueError) as error:
            refusing.add(f"{type(error).__name__} in the key's file")
            return RetryAfter(MINUTE, f"NO_KEY: {type(error).__name__}")
        try:
            request = self._client.post(subscription.endpoint).headers(signed).body_bytes(body).build_streamed()
            async with request as response:
                asked = retry_after(response.get_header("retry-after"), date=response.get_header("date"), now=now)
                said = await response.body_reader.read(MOST_OF_A_BODY)  # the rest of it, however much, is not read
                answer = Answer(response.status, bytes(said or b""), asked)
        except PyreqwestError as error:
            return RetryAfter(LEAST_DELAY, type(error).__name__)
        if answer.status in _NOT_US:
            refusing.add(subscription.origin)
        return answer.outcome(subscription)


class BothWays:
    """Gives each target to the sender that reaches it: browsers by their subscription, the rest by FCM's token."""

    def __init__(self, *, apps: PushSender, browsers: PushSender) -> None:
        self._apps = apps
        self._browsers = browsers

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        """See `PushSender.send`."""
        browsers = [target for target in targets if Subscription.read(target.token) is not None]
        if not browsers:
            return await self._apps.send(message, targets, until=until, told=told)
        apps = [target for target in targets if Subscription.read(target.token) is None]
        sent = await asyncio.gather(
            self._apps.send(message, apps, until=until, told=told),
            self._browsers.send(message, browsers, until=until, told=told),
        )
        return {device_id: outcome for outcomes in sent for device_id, outcome in outcomes.items()}

    async def aclose(self) -> None:
        """See `PushSender.aclose`."""
        await self._apps.aclose()
        await self._browsers.aclose()


def _headers(message: Message, now: datetime) -> dict[str, str]:
    """Return what the push service reads (RFC 8030, 5): of a topic it keeps the latest message only."""
    life = min(max(message.expires_at - now, timedelta()), DAY)
    topic = urlsafe_b64encode(message.notification_id.bytes).rstrip(b"=").decode()
    if isinstance(message, Dismissal):  # of the notice's own topic: one that still waits is never shown
        urgency = "low"
    else:
        urgency = "high" if message.urgent else "normal"
        topic = topic if message.digest_count is None else message.tag
    return {
        "TTL": str(int(life.total_seconds())),
        "Urgency": urgency,
        "Topic": topic,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }


def _content(message: Message, locale: Locale) -> bytes:
    """Return what the app's service worker reads, in the form of FCM's messages for the web."""
    if isinstance(message, Dismissal):
        return json.dumps({"data": {"dismiss": str(message.notification_id)}}, separators=(",", ":")).encode()
    content = {
        "notification": {
            "title": message.title.to(locale),
            "body": message.body.to(locale),
            "tag": message.tag,
            "lang": locale.value,
        },
        "data": {
            "notification_id": str(message.notification_id),
            "type": message.type,
            "id": str(message.subject_id),
            "link": message.link,
        },
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _encrypt(content: bytes, subscription: Subscription) -> bytes:
    """Encrypt for one browser; raises ValueError for keys that are none, as only a made-up token has them."""
    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    try:
        encrypted: bytes = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(content)["body"]
    except (WebPushException, LookupError) as error:
        raise ValueError(type(error).__name__) from error
    return encrypted

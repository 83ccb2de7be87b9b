"""What FCM's HTTP v1 API is told and what its answers mean, without the sending."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from firebase_admin import messaging
from pydantic import BaseModel, Field, ValidationError

from app.kernel.i18n import Locale
from app.kernel.push import (
    Dismissal,
    LaneBusy,
    LaneStopped,
    Message,
    Outcome,
    Platform,
    PushMessage,
    Rejected,
    RetryAfter,
    Sent,
    Target,
    TokenDead,
    TokenRefused,
)

LEAST_DELAY = timedelta(seconds=10)
"""Google asks for no retry earlier than this after a 5xx or a timeout."""
UNHEARD_DELAY = 2 * LEAST_DELAY
"""After a send without an answer: the peer may have read it only when nobody waited for it any more."""
MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
THIRD_PARTY = "THIRD_PARTY_AUTH_ERROR"
"""Apple, or a browser's push service, refuses the keys that Google has of ours."""
LARGEST_PAYLOAD = 4096
"""Bytes; FCM refuses more."""


class Bodies:
    """The request bodies of one message: validated once for a kind of device, then only tokens differ."""

    def __init__(self, message: Message, now: datetime) -> None:
        self._message = message
        life = min(max(message.expires_at - now, timedelta()), DAY)
        self._life = timedelta(seconds=int(life.total_seconds()))
        self._dies_at = now + self._life
        self._heads: dict[tuple[Platform, Locale], bytes] = {}

    def to(self, target: Target) -> bytes:
        """Return the body for one device; raises ValueError for a message that FCM would refuse."""
        kind = (target.platform, target.locale)
        head = self._heads.get(kind)
        if head is None:
            head = self._heads[kind] = self._head(target.platform, target.locale)
        return b"%b%b}}" % (head, json.dumps(target.token).encode())

    def _head(self, platform: Platform, locale: Locale) -> bytes:
        if isinstance(self._message, Dismissal):
            data, part = {"dismiss": str(self._message.notification_id)}, self._silent(platform)
        else:
            data, part = _data(self._message), self._shown(self._message, platform, locale)
        # `Message(token=…)` is deprecated and the token not known yet: a topic stands in for it.
        fields = json.loads(str(messaging.Message(data=data, topic="token", **part)))
        del fields["topic"]
        payload = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) >= LARGEST_PAYLOAD:
            raise ValueError(f"{len(payload)} bytes of payload, {LARGEST_PAYLOAD} are too many")
        return b'{"message":%b,"token":' % payload[:-1]

    def _shown(self, message: PushMessage, platform: Platform, locale: Locale) -> dict[str, object]:
        match platform:
            case Platform.android:
                return {"android": self._android(message)}
            case Platform.ios:
                return {"apns": self._apns(message)}
            case Platform.web:
                return {"webpush": self._webpush(message, locale)}

    def _silent(self, platform: Platform) -> dict[str, object]:
        """Return what wakes an app, or a browser's worker, without anything to show: the data say the rest."""
        match platform:
            case Platform.android:
                return {"android": messaging.AndroidConfig(priority="normal", ttl=self._life)}
            case Platform.ios:
                headers = {
                    "apns-push-type": "background",
                    "apns-expiration": str(int(self._dies_at.timestamp())),
                    "apns-priority": "5",
                }
                payload = messaging.APNSPayload(messaging.Aps(content_available=True))
                return {"apns": messaging.APNSConfig(headers=headers, payload=payload)}
            case Platform.web:
                headers = {"TTL": str(int(self._life.total_seconds())), "Urgency": "low"}
                return {"webpush": messaging.WebpushConfig(headers=headers)}

    def _android(self, message: PushMessage) -> object:
        return messaging.AndroidConfig(
            collapse_key=message.collapse_key,
            priority="high" if message.urgent else "normal",
            ttl=self._life,
            notification=messaging.AndroidNotification(
                tag=message.tag,
                channel_id=message.channel.value,
                title_loc_key=message.title_loc_key,
                body_loc_key=message.body_loc_key,
                body_loc_args=list(message.body_loc_args) or None,
            ),
        )

    def _apns(self, message: PushMessage) -> object:
        alert = messaging.ApsAlert(
            title_loc_key=message.title_loc_key,
            loc_key=message.body_loc_key,
            loc_args=list(message.body_loc_args) or None,
        )
        return messaging.APNSConfig(
            headers={
                "apns-collapse-id": message.tag,
                "apns-expiration": str(int(self._dies_at.timestamp())),
                "apns-priority": "10" if message.urgent else "5",
            },
            payload=messaging.APNSPayload(messaging.Aps(alert=alert, sound="default")),
        )

    def _webpush(self, message: PushMessage, locale: Locale) -> object:
        """Browsers have no string resources, so the text goes along; a click opens https links only."""
        link = message.link
        return messaging.WebpushConfig(
            headers={
                "TTL": str(int(self._life.total_seconds())),
                "Urgency": "high" if message.urgent else "normal",
            },
            notification=messaging.WebpushNotification(
                title=message.title.to(locale),
                body=message.body.to(locale),
                tag=message.tag,
                language=locale.value,
            ),
            fcm_options=messaging.WebpushFCMOptions(link=link) if link.startswith("https://") else None,
        )


def _data(message: PushMessage) -> dict[str, str]:
    return {
        "notification_id": str(message.notification_id),
        "type": message.type,
        "id": str(message.subject_id),
        "link": message.link,
    }


class _Violation(BaseModel):
    field: str = ""


class _Detail(BaseModel):
    error_code: str = Field(default="", alias="errorCode")
    violations: list[_Violation] = Field(default=[], alias="fieldViolations")


class _Error(BaseModel):
    status: str = ""
    message: str = ""
    details: list[_Detail] = []


class _Refusal(BaseModel):
    """Google's error body; all defaults, when the answer was none."""

    error: _Error = _Error()

    @property
    def codes(self) -> list[str]:
        """FCM's own code first, then the general one; empty when the answer was not in Google's form."""
        own = [detail.error_code for detail in self.error.details]
        return [code for code in (*own, self.error.status) if code]

    @property
    def text(self) -> str:
        return f"{' '.join((*self.codes[:1], *self._fields))}: {self.error.message}"

    @property
    def is_about_token(self) -> bool:
        """Whether FCM itself, not the JSON front before it, found the registration token wrong."""
        is_fcms_own = any(detail.error_code for detail in self.error.details)
        return is_fcms_own and ("message.token" in self._fields or "registration token" in self.error.message)

    @property
    def _fields(self) -> list[str]:
        return [violation.field for detail in self.error.details for violation in detail.violations]


class _Accepted(BaseModel):
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of FCM: status, body, and the `Retry-After` it asked for."""

    status: int
    content: bytes
    retry_after: timedelta | None = None

    @property
    def refuses_access(self) -> bool:
        """The access token is not, or no longer, good; a 401 about APNs' keys is another matter."""
        return self.status == HTTPStatus.UNAUTHORIZED and THIRD_PARTY not in self._refusal().codes

    def outcome(self, token: str) -> Outcome:
        """Return what became of the send to `token`, which no reason repeats (reliability-security.md 3).

        An answer that is not in Google's form (a proxy's page, say) never decides about a token or a message, and one
        about the project or its account (403, 404) about neither: what is owed waits until that is set right.
        """
        if self.status == HTTPStatus.OK:
            return self._sent()
        refusal = self._refusal()
        reason = refusal.text.replace(token, "…")[:200] if refusal.codes else f"HTTP {self.status}"
        asked = self.retry_after or timedelta()
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return LaneBusy(asked or MINUTE, reason)
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or not refusal.codes:
            return RetryAfter(max(asked, LEAST_DELAY), reason)
        return self._refused(refusal, reason) or RetryAfter(max(asked, MINUTE), reason)

    def _refused(self, refusal: _Refusal, reason: str) -> Outcome | None:
        """Return what a 4xx in Google's form says of the token, the message or the lane; None if of none of them."""
        match self.status:
            case HTTPStatus.BAD_REQUEST:
                return TokenRefused(reason) if refusal.is_about_token else Rejected(reason)
            case HTTPStatus.UNAUTHORIZED if THIRD_PARTY in refusal.codes:
                return LaneStopped(reason)
            case HTTPStatus.FORBIDDEN if "SENDER_ID_MISMATCH" in refusal.codes:
                return TokenRefused(reason, is_foreign=True)
            case HTTPStatus.NOT_FOUND if "UNREGISTERED" in refusal.codes:
                return TokenDead(reason)
            case _:
                return None

    def _sent(self) -> Outcome:
        try:
            return Sent(_Accepted.model_validate_json(self.content).name)
        except ValidationError:
            return RetryAfter(LEAST_DELAY, "200 with an unreadable answer")

    def _refusal(self) -> _Refusal:
        try:
            return _Refusal.model_validate_json(self.content)
        except ValidationError:
            return _Refusal()


def retry_after(header: str | None, *, date: str | None, now: datetime) -> timedelta | None:
    """Read a `Retry-After` header (RFC 9110, 10.2.3): seconds or an HTTP date; None without a usable one.

    A date is compared with the answer's own `Date` header if it has one, so that a wrong clock here does not
    shorten the wait; a day at most.
    """
    if header is None:
        return None
    try:
        if header.isdecimal():
            return timedelta(seconds=min(int(header), DAY.total_seconds()))
        sent_at = _instant(date) if date else now
        return min(max(_instant(header) - sent_at, timedelta()), DAY)
    except ValueError:
        return None


def _instant(http_date: str) -> datetime:
    instant = parsedate_to_datetime(http_date)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

"""`LoopbackPushService`: checks what RFC 8030, 8188, 8291 and 8292 ask for, and reads what only the browser could."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from app.kernel.clock import Clock
from app.kernel.web_push import Subscription
from tests.fcm.answers import Answer
from tests.loopback import Loopback

LARGEST = 4096
DAY = 24 * 3600


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser subscribed at a push service under an application's key."""

    service: str
    name: str
    application_key: str
    _private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _auth: bytes = b"sixteen bytes!!!"

    @property
    def subscription(self) -> Subscription:
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return Subscription(f"{self.service}/push/{self.name}", _encoded(point), _encoded(self._auth))

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt a message (Any: JSON); raises ValueError for one that is not this browser's."""
        try:
            content = http_ece.decrypt(body, private_key=self._private, auth_secret=self._auth, version="aes128gcm")
        except http_ece.ECEException as error:
            raise ValueError(error.message) from error
        message: dict[str, Any] = json.loads(content)
        return message


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was in order: what the service read of it, and what the browser did."""

    browser: str
    headers: dict[str, str]
    claims: dict[str, Any]  # Any: JSON
    content: dict[str, Any]


class LoopbackPushService(Loopback):
    """Takes messages for its browsers; `instead` is answered to whoever is named there."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is what the service takes for the time."""
        super().__init__()
        self._clock = clock
        self._browsers: dict[str, Browser] = {}
        self.requests = 0
        self.messages: list[Message] = []
        self.instead: dict[str, Answer] = {}

    def subscribe(self, name: str, application_key: str) -> Browser:
        browser = self._browsers[f"/push/{name}"] = Browser(self.url, name, application_key)
        return browser

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.requests += 1
        browser = self._browsers.get(path)
        if method != "POST" or browser is None:
            return Answer(404)
        wrong = self._wrong(headers, body)
        if wrong is not None:
            return Answer(413 if wrong == "size" else 400, f"wrong {wrong}".encode())
        claims = self._claims(headers.get("authorization", ""), browser)
        if isinstance(claims, str):
            return Answer(403, claims.encode())
        content = browser.read(body)
        if browser.name in self.instead:
            return self.instead[browser.name]
        self.messages.append(Message(browser.name, headers, claims, content))
        return Answer(201, headers=(("Location", f"{self.url}/message/1"),))

    def _wrong(self, headers: dict[str, str], body: bytes) -> str | None:
        if len(body) > LARGEST:
            return "size"
        required = {
            "ttl": r"[0-9]{1,7}",
            "urgency": r"very-low|low|normal|high",
            "topic": r"[A-Za-z0-9_-]{1,32}",
            "content-encoding": r"aes128gcm",
        }
        return next((name for name, form in required.items() if not re.fullmatch(form, headers.get(name, ""))), None)

    def _claims(self, authorization: str, browser: Browser) -> dict[str, Any] | str:
        """Return what the signed token says, or what is wrong with it."""
        found = re.fullmatch(r"vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)", authorization)
        if found is None:
            return "no vapid"
        head, payload, signature, key = found.groups()
        raw = _decoded(signature)
        encoded = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(key))
        try:
            public.verify(encoded, f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "signature"
        claims: dict[str, Any] = json.loads(_decoded(payload))
        now = self._clock().timestamp()
        checks = {
            "other application server": key == browser.application_key,
            "header": json.loads(_decoded(head)) == {"typ": "JWT", "alg": "ES256"},
            "audience": claims["aud"] == self.url,
            "expiry": now < claims["exp"] <= now + DAY,
            "subject": urlsplit(claims["sub"]).scheme in {"mailto", "https"},
        }
        return next((name for name, holds in checks.items() if not holds), claims)

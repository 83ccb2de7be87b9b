"""Web Push (RFC 8030): a browser's subscription, the push services that are written to, and this server's key."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.kernel.tokens import generate_key

P256DH = r"^B[A-Za-z0-9_-]{86}$"
"""65 bytes in base64url; the first, 4, says that the point is not compressed."""
AUTH = r"^[A-Za-z0-9_-]{22}$"
"""16 bytes in base64url."""

# As browsers write addresses: the host in lower case, no user, nothing that two parsers read differently.
_ENDPOINT = re.compile(r"((https?)://([a-z0-9.-]+)(:[0-9]{1,5})?)/[A-Za-z0-9._~:/?@!$&'()*+,;=%|-]*")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser's `PushSubscription`: where its push service takes messages for it, and the keys only it can read by.

    `p256dh` and `auth` are base64url without padding; all three are secrets.
    """

    endpoint: str
    p256dh: str
    auth: str

    @classmethod
    def read(cls, token: str) -> Self | None:
        """Return the subscription that a device's push token is; None when it is FCM's, which holds no space."""
        parts = token.split(" ")
        return cls(*parts) if len(parts) == 3 else None  # noqa: PLR2004 its own three

    @property
    def token(self) -> str:
        """The subscription as a device keeps it, in the place of FCM's token."""
        return f"{self.endpoint} {self.p256dh} {self.auth}"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the push service, as VAPID's `aud` names it (RFC 8292, 2)."""
        return "/".join(self.endpoint.split("/", 3)[:3])


class PushServices:
    """The push services that this server writes to, and no other address: a subscription comes from its user."""

    def __init__(self, listed: str) -> None:
        """Read hosts, separated by commas: `*.` in front means any below, a whole origin (`http://…:1`) itself only."""
        self._listed = tuple(entry.strip() for entry in listed.split(",") if entry.strip())

    def include(self, endpoint: str) -> bool:
        """Say whether an endpoint is one of theirs; a host is trusted over https and its own port only."""
        found = _ENDPOINT.fullmatch(endpoint)
        if found is None:
            return False
        origin, scheme, host, port = found.groups()
        if origin in self._listed:
            return True
        if scheme != "https" or port is not None:
            return False
        return any(
            host.endswith(entry.removeprefix("*")) if entry.startswith("*.") else host == entry
            for entry in self._listed
        )


def is_point(p256dh: str) -> bool:
    """Say whether a key that is written as it should be lies on the curve; nothing can be encrypted to another."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), urlsafe_b64decode(f"{p256dh}="))
    except ValueError:
        return False
    return True


class WebPushKey:
    """The key by which push services know this server again (VAPID, RFC 8292); browsers subscribe to it.

    A subscription made under another key is refused by its push service, so it is never changed.
    """

    def __init__(self, file: Path) -> None:
        """Read nothing yet."""
        self._file = file

    @cached_property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """The key of the file; raises OSError when there is none, ValueError when it is no P-256 key."""
        key = serialization.load_pem_private_key(self._file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError(f"{self._file.name}: not a P-256 private key")
        return key

    @cached_property
    def public(self) -> str:
        """The public key as `PushManager.subscribe` takes it: an uncompressed point in base64url.

        Whoever is first to ask has the key made: no browser can be subscribed before.
        """
        if not self._file.exists():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            generate_key(self._file)
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return urlsafe_b64encode(point).rstrip(b"=").decode()

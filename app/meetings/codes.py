"""Check-in codes: what the screen shows for 30 seconds, signed, so that it proves by itself when it was shown.

A code is its step (30-second periods since 1970, five bytes) and the first 80 bits of an HMAC-SHA256 over meeting and
step with the meeting's own secret, together 24 letters of Base32: short enough for a coarse QR code.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

STEP_SECONDS = 30
SECRET_BYTES = 32
CODE_LENGTH = 24
_STEP_BYTES = 5
_MAC_BYTES = 10


def step_at(instant: datetime) -> int:
    """Return the number of the 30-second period that an instant lies in."""
    return int(instant.timestamp()) // STEP_SECONDS


def begin_of(step: int) -> datetime:
    """Return the instant (UTC) a step begins at."""
    return datetime.fromtimestamp(step * STEP_SECONDS, tz=UTC)


def make_code(secret: bytes, meeting_id: UUID, step: int) -> str:
    """Return the code that a meeting's screen shows during a step."""
    shown = step.to_bytes(_STEP_BYTES)
    return base64.b32encode(shown + _sign(secret, meeting_id, shown)).decode()


def read_code(secret: bytes, meeting_id: UUID, code: str) -> int | None:
    """Return the step during which this meeting showed the code, or None if it never did."""
    try:
        data = base64.b32decode(code, casefold=True)
    except (binascii.Error, ValueError):
        return None
    shown, mac = data[:_STEP_BYTES], data[_STEP_BYTES:]
    return int.from_bytes(shown) if hmac.compare_digest(mac, _sign(secret, meeting_id, shown)) else None


def _sign(secret: bytes, meeting_id: UUID, shown: bytes) -> bytes:
    return hmac.digest(secret, meeting_id.bytes + shown, hashlib.sha256)[:_MAC_BYTES]

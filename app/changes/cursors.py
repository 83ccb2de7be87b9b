"""Cursors: how far a phone has come in each scope, sealed by the server for this one member."""

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.changes.errors import SyncCursorExpired
from app.kernel.pagination import CursorInvalid
from app.kernel.tokens import TokenKeys

Counters = Mapping[UUID, int]
"""By scope."""

_PURPOSE = b"changes 2"
_SEAL_BYTES = 16
_RIGHTS_BYTES = 8
_RUNS, _FIRST, _WHOLE = 1, 2, 4
_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A catching up that needs several pages: it goes from `since` to `until`, and is at an object by now.

    `is_first`: the phone holds nothing. `is_whole`: everything is told again, since the member sees other things.
    """

    until: Counters
    is_first: bool
    is_whole: bool
    after: tuple[str, UUID] = ("", _NO_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """What a phone has: of which epoch, with which rights (a digest), how far in each scope, and where within a run.

    Where something was passed over that this release does not know, the digest says so too.
    """

    epoch: UUID
    rights: str
    since: Counters = field(default_factory=dict)
    run: Run | None = None

    @property
    def scopes(self) -> frozenset[UUID]:
        """Return the scopes of which the phone may hold something."""
        return frozenset(self.since) | frozenset(self.run.until if self.run else ())


def write_cursor(cursor: Cursor, *, member_id: UUID, keys: TokenKeys) -> str:
    """Return what the phone keeps; about 25 characters a scope, and 55 beside them."""
    packed = _packed(cursor)
    return base64.urlsafe_b64encode(keys.seal(_sealed(packed, member_id)) + packed).decode().rstrip("=")


def read_cursor(text: str, *, member_id: UUID, keys: TokenKeys) -> Cursor:
    """Return what the server once wrote for the member.

    Raises CursorInvalid for what cannot be a cursor, and SyncCursorExpired for what bears no seal of today: an older
    release wrote it, or its key was taken away, lost or stolen. A phone could not help itself to anything else.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise CursorInvalid from None
    seal, packed = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not packed:
        raise CursorInvalid
    if not keys.is_sealed(_sealed(packed, member_id), seal):
        raise SyncCursorExpired
    return _unpacked(io.BytesIO(packed))


def renewed(text: str, *, member_id: UUID, keys: TokenKeys) -> str:
    """Return a cursor that was read, as it is written today: sealed with the newest key."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    packed = raw[_SEAL_BYTES:]
    return base64.urlsafe_b64encode(keys.seal(_sealed(packed, member_id)) + packed).decode().rstrip("=")


def _sealed(packed: bytes, member_id: UUID) -> bytes:
    return _PURPOSE + member_id.bytes + packed


def _packed(cursor: Cursor) -> bytes:
    """Return the epoch, the rights, what kind of run, where it is, and for each scope how far.

    Bytes and not JSON: every catching up carries it twice, and ids do not compress.
    """
    run = cursor.run
    parts = [cursor.epoch.bytes, bytes.fromhex(cursor.rights)]
    if run is None:
        parts.append(b"\0")
    else:
        name, object_id = run.after
        parts += [bytes([_RUNS | _FIRST * run.is_first | _WHOLE * run.is_whole, len(name)]), name.encode()]
        parts.append(object_id.bytes)
    for scope in sorted(cursor.scopes):
        reached = [cursor.since.get(scope, 0), *([run.until.get(scope, 0)] if run else [])]
        if any(reached):
            parts += [scope.bytes, *map(_number, reached)]
    return b"".join(parts)


def _unpacked(packed: io.BytesIO) -> Cursor:
    epoch, rights = UUID(bytes=packed.read(16)), packed.read(_RIGHTS_BYTES).hex()
    kind = packed.read(1)[0]
    after = (packed.read(packed.read(1)[0]).decode(), UUID(bytes=packed.read(16))) if kind else ("", _NO_ID)
    since: dict[UUID, int] = {}
    until: dict[UUID, int] = {}
    while scope := packed.read(16):
        for counters in (since, until) if kind else (since,):
            if counter := int.from_bytes(packed.read(packed.read(1)[0])):
                counters[UUID(bytes=scope)] = counter
    run = Run(until=until, is_first=bool(kind & _FIRST), is_whole=bool(kind & _WHOLE), after=after) if kind else None
    return Cursor(epoch=epoch, rights=rights, since=since, run=run)


def _number(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size)

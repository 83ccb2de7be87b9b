"""Cursors: how far a phone has come in each scope, sealed by the server for this one member."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.kernel.pagination import CursorInvalid
from app.kernel.tokens import TokenKeys

Counters = Mapping[UUID, int]
"""By scope."""

_SEAL_BYTES = 16
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
    """What a phone has: of which epoch, with which rights (a digest), how far in each scope, and where within a run."""

    epoch: UUID
    rights: str
    since: Counters = field(default_factory=dict)
    run: Run | None = None

    @property
    def scopes(self) -> frozenset[UUID]:
        """Return the scopes of which the phone may hold something."""
        return frozenset(self.since) | frozenset(self.run.until if self.run else ())


def write_cursor(cursor: Cursor, *, member_id: UUID, keys: TokenKeys) -> str:
    """Return what the phone keeps; about 40 characters a scope."""
    run = cursor.run
    content = [
        cursor.epoch.hex,
        cursor.rights,
        _written(cursor.since),
        [_written(run.until), run.is_first, run.is_whole, run.after[0], run.after[1].hex] if run else None,
    ]
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), level=9)
    return base64.urlsafe_b64encode(keys.seal(_sealed(packed, member_id)) + packed).decode().rstrip("=")


def read_cursor(text: str, *, member_id: UUID, keys: TokenKeys) -> Cursor:
    """Return what the server once wrote for the member; raises CursorInvalid for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise CursorInvalid from None
    seal, packed = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not keys.is_sealed(_sealed(packed, member_id), seal):
        raise CursorInvalid
    epoch, rights, since, run = json.loads(zlib.decompress(packed))
    return Cursor(
        epoch=UUID(epoch),
        rights=rights,
        since=_read(since),
        run=Run(until=_read(run[0]), is_first=run[1], is_whole=run[2], after=(run[3], UUID(run[4]))) if run else None,
    )


def renewed(text: str, *, member_id: UUID, keys: TokenKeys) -> str:
    """Return a cursor that was read, as it is written today: sealed with the newest key."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    packed = raw[_SEAL_BYTES:]
    return base64.urlsafe_b64encode(keys.seal(_sealed(packed, member_id)) + packed).decode().rstrip("=")


def _sealed(packed: bytes, member_id: UUID) -> bytes:
    return b"changes 1" + member_id.bytes + packed


def _written(counters: Counters) -> dict[str, int]:
    return {scope.hex: counter for scope, counter in counters.items() if counter}


def _read(written: dict[str, int]) -> Counters:
    return {UUID(scope): counter for scope, counter in written.items()}

"""How much one account may ask: a bucket of a minute's requests that fills again evenly (api.md 13)."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.kernel.errors import TooManyRequests
from app.kernel.i18n import Text

WINDOW = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)
_REQUEST = WINDOW // _MICROSECOND


class RateLimitExceeded(TooManyRequests):
    title = Text(
        vi="Quá nhiều yêu cầu trong một phút, hãy chờ một chút", en="Too many requests in a minute; wait a bit"
    )


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account has left after a request: whole requests, and seconds until it has all of them again."""

    limit: int
    remaining: int
    full_in: int
    retry_after: int | None
    """Seconds until the next request is let through; None where this one was."""

    def headers(self) -> dict[str, str]:
        """Return what every answer says of it (draft-ietf-httpapi-ratelimit-headers)."""
        seconds = int(WINDOW.total_seconds())
        return {
            "RateLimit-Policy": f'"account";q={self.limit};w={seconds}',
            "RateLimit": f'"account";r={self.remaining};t={self.full_in}',
        }


@dataclass(slots=True)
class _Bucket:
    left: int
    """In microseconds: a request takes a whole window, and each microsecond gives back the limit."""
    at: datetime


class RateLimiter:
    """The buckets of one process: with several, an account has one in each.

    A bucket nobody has taken from for a minute is full, which is what no bucket means: it is dropped.
    """

    def __init__(self, per_minute: int) -> None:
        """Let every account make so many requests at once, and as many again each minute; at least 1."""
        self._limit = per_minute
        self._full = per_minute * _REQUEST
        self._buckets: OrderedDict[UUID, _Bucket] = OrderedDict()

    def take(self, account_id: UUID, *, now: datetime) -> Allowance:
        """Take one request from the account's bucket if there is one in it, and say how it stands."""
        self._drop_full(now)
        bucket = self._buckets.setdefault(account_id, _Bucket(self._full, now))
        self._buckets.move_to_end(account_id)
        passed = max((now - bucket.at) // _MICROSECOND, 0)  # a unit of work that began earlier may come later
        bucket.left = min(bucket.left + passed * self._limit, self._full)
        bucket.at = max(bucket.at, now)
        is_let_through = bucket.left >= _REQUEST
        if is_let_through:
            bucket.left -= _REQUEST
        return Allowance(
            limit=self._limit,
            remaining=bucket.left // _REQUEST,
            full_in=self._seconds(self._full - bucket.left),
            retry_after=None if is_let_through else self._seconds(_REQUEST - bucket.left),
        )

    def _seconds(self, missing: int) -> int:
        return -(-missing // (self._limit * 1_000_000))  # rounded up

    def _drop_full(self, now: datetime) -> None:
        while self._buckets:
            account_id, oldest = next(iter(self._buckets.items()))
            if now - oldest.at < WINDOW:
                return
            del self._buckets[account_id]

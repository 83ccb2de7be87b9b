"""Verdicts: from what came of one send to what becomes of its delivery; no clock, no database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.push import (
    LaneBusy,
    LaneStopped,
    Outcome,
    Rejected,
    RetryAfter,
    Sent,
    TokenDead,
    TokenRefused,
    backoff,
)
from app.notifications import models

_FINAL: dict[type[TokenDead | TokenRefused | Rejected], models.Outcome] = {
    TokenDead: models.Outcome.token_dead,
    TokenRefused: models.Outcome.quarantined,
    Rejected: models.Outcome.rejected,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is stored: an outcome and its reason, or None and the earliest next try.

    `has_begun` is False for a send that never left; it counts as no try and is owed at once.
    """

    outcome: models.Outcome | None
    reason: str | None = None
    not_before: datetime | None = None
    has_begun: bool = True


def next_try(attempts: int, *, asked: timedelta, jitter: float, now: datetime) -> datetime:
    """Return when a delivery may be tried again that failed `attempts` times, the last time now.

    Never earlier than the peer asked for, nor than 10 s × 2ⁿ (15 min at most), which `jitter` in [0, 1) lengthens.
    """
    return now + max(asked, backoff(attempts - 1, jitter=jitter))


def judge(outcome: Outcome | None, *, attempts: int, jitter: float, now: datetime) -> Verdict:
    """Return the verdict on the try number `attempts` (1 is the first), which was answered now."""
    match outcome:
        case None:
            return Verdict(None, has_begun=False)
        case RetryAfter(delay=asked, reason=reason) | LaneBusy(delay=asked, reason=reason):
            return Verdict(None, reason, next_try(attempts, asked=asked, jitter=jitter, now=now))
        case LaneStopped(reason=reason):
            return Verdict(None, reason, next_try(attempts, asked=timedelta(), jitter=jitter, now=now))
        case Sent():
            return Verdict(models.Outcome.sent)
        case TokenDead() | TokenRefused() | Rejected():
            return Verdict(_FINAL[type(outcome)], outcome.reason)

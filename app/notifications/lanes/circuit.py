"""The circuit of a lane: from what came of some sends to when the next may begin; no clock, no database."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.kernel.push import LONGEST_DELAY, LaneBusy, LaneStopped, Outcome, RetryAfter, Sent

OPENS_AFTER = timedelta(minutes=60)
"""How long nothing may get through before the lane is left alone (reliability-security.md 3)."""
FORGOTTEN_AFTER = 2 * LONGEST_DELAY
"""A failure so long after the last one is a new trouble: what is owed is tried at least this often."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """What is known of a lane.

    `busy_until`: the peer asked for a pause. `failing_since` and `failed_at`: the first and last failure since
    something got through. `opened_at`: the circuit is open, and but for one probe from `probe_at` on nothing is sent.
    `reason` begins with the peer's error code.
    """

    busy_until: datetime | None = None
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether only probes are let through."""
        return self.opened_at is not None

    def free_at(self, at: datetime) -> datetime:
        """Return the first instant, at or after `at`, when something may be sent, if only a probe."""
        return max(at, self.busy_until or at, (self.probe_at or at) if self.is_open else at)

    def lets_all_through(self, now: datetime) -> bool:
        """Say whether anything may be sent now."""
        return not self.is_open and self.free_at(now) == now

    def lets_probe_through(self, now: datetime) -> bool:
        """Say whether one send may find out whether the lane is in order again."""
        return self.is_open and self.free_at(now) == now


IN_ORDER = LaneState()


@dataclass(frozen=True, slots=True)
class Report:
    """What came of some sends on one lane; `is_probe` where the circuit was open and let one through.

    `stopped_by` and `failed_by` are the reasons of a lane that must be set right, and of a peer that did not answer.
    """

    is_probe: bool
    got_through: bool = False
    busy: LaneBusy | None = None
    stopped_by: str | None = None
    failed_by: str | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether the lane's state must be written down."""
        return self.busy is not None or self.stopped_by is not None or self.failed_by is not None


def report(outcomes: Iterable[Outcome], *, is_probe: bool) -> Report:
    """Sum up what came of some sends on one lane. What a token's or a message's fault was says nothing of it."""
    said = Report(is_probe=is_probe)
    for outcome in outcomes:
        match outcome:
            case Sent():
                said = replace(said, got_through=True)
            case LaneBusy(delay=delay) if said.busy is None or delay > said.busy.delay:
                said = replace(said, busy=outcome)
            case LaneStopped(reason=reason):
                said = replace(said, stopped_by=reason)
            case RetryAfter(reason=reason):
                said = replace(said, failed_by=reason)
            case _:
                pass
    return said


def judge(state: LaneState, said: Report, *, now: datetime) -> LaneState:
    """Return the lane's state after a report.

    A pause that was asked for holds to its end, whatever gets through meanwhile. Keys that Apple or a browser's push
    service refuses open the circuit at once, failures after 60 minutes without anything getting through. Only what was
    let through as a probe closes it: other sends had begun before.
    """
    if said.busy is not None:
        until = now + said.busy.delay
        state = replace(state, busy_until=max(until, state.busy_until or until), reason=said.busy.reason)
    if said.stopped_by is not None:
        return _opened(replace(state, reason=said.stopped_by), now)
    if said.got_through:
        if state.is_open and not said.is_probe:
            return state
        paused = state.busy_until is not None and state.busy_until > now
        return LaneState(busy_until=state.busy_until, reason=state.reason) if paused else IN_ORDER
    if said.failed_by is not None:
        goes_on = state.failed_at is not None and now - state.failed_at <= FORGOTTEN_AFTER
        since = (state.failing_since if goes_on else None) or now
        state = replace(state, failing_since=since, failed_at=now, reason=said.failed_by)
        return _opened(state, now) if state.is_open or now - since >= OPENS_AFTER else state
    if state.is_open and said.is_probe and said.busy is None:
        return replace(state, probe_at=now)  # a dead token, say, found nothing out: the next may probe at once
    return state


def _opened(state: LaneState, now: datetime) -> LaneState:
    return replace(state, opened_at=state.opened_at or now, probe_at=now + LONGEST_DELAY)

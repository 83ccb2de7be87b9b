"""The judge of many pushes: each send as FCM saw it, and what the phones made of it."""

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from tests.faults.handset import Arrival, Handset
from tests.fcm import Push, answers
from tests.fcm.answers import Answer, Fate
from tests.fcm.mix import OF_TOKENS

LEAST_SECONDS = 10.0
_GIBBERISH = answers.gibberish().body
_REFUSALS = {refused("").status for refused in OF_TOKENS.values()}

Key = tuple[str, str]
"""A token and a notice."""


@dataclass(slots=True)
class _Course:
    """What is known of one delivery: whether it was taken, and told so, and when it may be tried again."""

    taken: bool = False
    told: bool = False
    not_before: float = 0


@dataclass
class Ledger:
    """Takes every send in FCM's thread; `patience_seconds` is how long the sender waits for an answer.

    `repeats` were sent although FCM had taken them and said so: somebody died before it was written down.
    `unclear_repeats` had got no good answer. `sends_to_dead` has the instants (of the epoch) of sends to a token by
    when it was refused first.
    """

    patience_seconds: float
    phones: dict[str, Handset] = field(default_factory=dict)
    sends: int = 0
    taken: int = 0
    early: int = 0
    repeats: int = 0
    unclear_repeats: int = 0
    rejected: set[Key] = field(default_factory=set)
    dead: dict[str, float] = field(default_factory=dict)
    sends_to_dead: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    tried: Counter[str] = field(default_factory=Counter)
    _courses: dict[Key, _Course] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, push: Push) -> None:
        """Take one send."""
        with self._lock:
            self._note(push)

    def _note(self, push: Push) -> None:
        if not push.token:
            return  # refused at the door: no token of ours was read
        now = time.time()
        arrival = Arrival.of(push.message, now=now)
        key = (push.token, arrival.notice)
        self.sends += 1
        course = self._courses.get(key)
        if course is None:
            course = self._courses[key] = _Course()
            self.tried[arrival.notice] += 1
        if push.token in self.dead:
            self.sends_to_dead[push.token].append(now)
        self.early += push.received_at < course.not_before
        self.repeats += course.told
        self.unclear_repeats += course.taken and not course.told
        course.not_before = push.received_at + self._pause(push.answer)
        if push.answer.accepts:
            self.taken += 1
            course.taken = True
            course.told |= _is_clear(push.answer, self.patience_seconds)
            self.phones[push.token].receive(arrival, now=now)
        elif b"message.android" in push.answer.body:
            self.rejected.add(key)
        elif push.status in _REFUSALS and push.answer.fate is Fate.whole:
            self.dead.setdefault(push.token, now)

    def _pause(self, answer: Answer) -> float:
        """How long after the request came the same push may not come again.

        An answer that is never heard counts from the request: FCM cannot tell a sender out of patience from a dead one.
        """
        if _is_clear(answer, self.patience_seconds):
            return 0
        asked = next((float(value) for name, value in answer.headers if name == "Retry-After"), 0.0)
        return max(asked, LEAST_SECONDS)

    def lost(self, token: str, notice: str) -> bool:
        """Whether a push was owed, not refused, and neither seen nor dropped by who keeps it for a phone away."""
        phone = self.phones[token]
        is_known = notice in phone.seen or notice in phone.dropped
        return not is_known and token not in self.dead and (token, notice) not in self.rejected

    def shown_twice(self) -> int:
        """Count the notices that an owner saw come more than once."""
        return sum(len(phone.seen) - len(set(phone.seen)) for phone in self.phones.values())

    def sent_to_dead_after(self, dropped_at: dict[str, datetime], *, lease_seconds: float) -> tuple[int, int]:
        """Count the sends to refused tokens that were leased before the refusal was stored, and those after it.

        `dropped_at` says when each was stored; a lease that is older may be sent from for `lease_seconds` more.
        """
        before = after = 0
        for token, instants in self.sends_to_dead.items():
            end = dropped_at[token].timestamp() + lease_seconds if token in dropped_at else 0
            late = sum(instant > end for instant in instants)
            before, after = before + len(instants) - late, after + late
        return before, after


def _is_clear(answer: Answer, patience_seconds: float) -> bool:
    """Whether the sender heard that its push was taken."""
    is_heard = answer.fate is Fate.whole and answer.delay_seconds < patience_seconds
    return answer.accepts and is_heard and answer.body != _GIBBERISH

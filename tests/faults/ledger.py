"""The judge of many pushes: each send as FCM saw it, and what the phones made of it.

Instants are FCM's own. A worker can obey only what it, or who was before it, could know:

- *Early* is a push that comes again before FCM allowed it: at least 10 s after any answer but a good one, or after what
  `Retry-After` asked for. An answer that was never heard (cut, late, its worker killed) counts too, from its request:
  leases outlast it. Early is also a send on a lane whose pause had been stored before the send was leased.
- A token is known to be dead once its refusal was stored; a lease that is older may be sent from until it is nearly
  over. Such sends are *meanwhile*; where a push is repeated that was itself refused, somebody died before storing that.
- A *repeat* came although FCM had taken the push and said so: somebody died before that was stored. What was answered
  and not stored when somebody died is counted then, and is the bound of the repeats.
- An *unclear* one had been taken, and no good answer had come: FCM has no way of being asked.
"""

import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

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
    """What is known of one delivery: whether it was taken, and told so, or refused; when it may be tried again.

    `sends` so many times, `by` whom last and with what answer; `counted` of the sends were so when their sender died.
    """

    taken: bool = False
    told: bool = False
    refused: bool = False
    not_before: float = 0
    by: str = ""
    answer: str = ""
    sends: int = 0
    counted: int = 0


@dataclass
class Ledger:
    """Takes every send in FCM's thread; `patience_seconds` is how long the sender waits for an answer.

    `lease_seconds` is how long what was sent from a lease may be on its way. `early` says of each by how much, and
    after what. `sends_to_dead` has the instants (of the epoch) of sends to a token after it was refused first,
    `sends_in_pauses` those on each lane that were refused since it was to rest.
    """

    patience_seconds: float
    lease_seconds: float
    phones: dict[str, Handset] = field(default_factory=dict)
    sends: int = 0
    taken: int = 0
    early: list[str] = field(default_factory=list)
    repeats: int = 0
    unclear_repeats: int = 0
    refused_repeats: int = 0
    unstored: int = 0
    rejected: set[Key] = field(default_factory=set)
    dead: dict[str, float] = field(default_factory=dict)
    sends_to_dead: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sends_in_pauses: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    tried: Counter[str] = field(default_factory=Counter)
    _pauses: dict[tuple[str, float], float] = field(default_factory=dict)
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
        message = push.message
        arrival = Arrival.of(message, now=now)
        # A million of each are kept: one text for each token and notice is enough.
        key = (sys.intern(push.token), sys.intern(arrival.notice))
        self.sends += 1
        course = self._courses.get(key)
        if course is None:
            course = self._courses[key] = _Course()
            self.tried[arrival.notice] += 1
        if push.token in self.dead:
            self.sends_to_dead[push.token].append(now)
            self.refused_repeats += course.refused
        if push.received_at < course.not_before:
            missing = course.not_before - push.received_at
            self.early.append(f"{missing:.2f} s: {course.answer} to {course.by}, sent again by {push.caller}")
        self.repeats += course.told
        self.unclear_repeats += course.taken and not course.told
        course.not_before = push.received_at + self._pause(push.answer)
        course.by, course.sends = push.caller, course.sends + 1
        course.answer = sys.intern(f"{push.status} ({push.answer.fate.value} after {push.answer.delay_seconds} s)")
        if push.answer.accepts:
            self.taken += 1
            course.taken = True
            course.told |= _is_clear(push.answer, self.patience_seconds)
            self.phones[push.token].receive(arrival, now=now)
        elif b"message.android" in push.answer.body:
            self.rejected.add(key)
        elif push.status in _REFUSALS and push.answer.fate is Fate.whole:
            self.dead.setdefault(push.token, now)
            course.refused = True
        elif push.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.sends_in_pauses[_platform(message)].append(now)

    def _pause(self, answer: Answer) -> float:
        """How long after the request came the same push may not come again.

        An answer that is never heard counts from the request: FCM cannot tell a sender out of patience from a dead one.
        """
        if _is_clear(answer, self.patience_seconds):
            return 0
        asked = next((float(value) for name, value in answer.headers if name == "Retry-After"), 0.0)
        return max(asked, LEAST_SECONDS)

    def note_death(self, owed: Iterable[Key], *, of: str | None) -> None:
        """Count which of the deliveries that had no outcome when a caller died had their last word from FCM by then.

        None is all callers. What was counted of another death is not counted again.
        """
        with self._lock:
            for key in owed:
                course = self._courses.get(key)
                if course is None or not (course.told or course.refused) or of not in (None, course.by):
                    continue
                self.unstored += course.counted < course.sends
                course.counted = course.sends

    def see_pause(self, platform: str, until: float) -> None:
        """Note that all workers may know by now of a lane's pause (an instant of the epoch)."""
        self._pauses.setdefault((platform, until), time.time())

    def sent_in_pauses(self) -> tuple[int, int]:
        """Count the sends on resting lanes that were leased before the pause was stored, and those after it."""
        sent = [(platform, at) for platform, instants in self.sends_in_pauses.items() for at in instants]
        known = [(*pause, seen_at + self.lease_seconds) for pause, seen_at in self._pauses.items()]
        after = sum(any(of == platform and end < at < until for of, until, end in known) for platform, at in sent)
        return len(sent) - after, after

    def lost(self, token: str, notice: str) -> bool:
        """Whether a push was owed, not refused, and neither seen nor dropped by who keeps it for a phone away."""
        phone = self.phones[token]
        is_known = notice in phone.seen or notice in phone.dropped
        return not is_known and token not in self.dead and (token, notice) not in self.rejected

    def shown_twice(self) -> int:
        """Count the notices that an owner saw come more than once."""
        return sum(len(phone.seen) - len(set(phone.seen)) for phone in self.phones.values())

    def sent_to_dead_after(self, dropped_at: dict[str, datetime]) -> tuple[int, int]:
        """Count the sends to refused tokens that were leased before the refusal was stored, and those after it.

        `dropped_at` says when each was stored; a token without an instant is one whose refusal was never stored.
        """
        before = after = 0
        for token, instants in self.sends_to_dead.items():
            end = dropped_at[token].timestamp() + self.lease_seconds if token in dropped_at else 0
            late = sum(instant > end for instant in instants)
            before, after = before + len(instants) - late, after + late
        return before, after


def _platform(message: dict[str, Any]) -> str:
    """Any: JSON."""
    return "android" if "android" in message else "ios"


def _is_clear(answer: Answer, patience_seconds: float) -> bool:
    """Whether the sender heard that its push was taken."""
    is_heard = answer.fate is Fate.whole and answer.delay_seconds < patience_seconds
    return answer.accepts and is_heard and answer.body != _GIBBERISH

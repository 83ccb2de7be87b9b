"""A Firebase Cloud Messaging with bad days: each kind of error has the same share of the sends."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.fcm import answers
from tests.fcm.answers import Answer
from tests.fcm.schema import SendMessageRequest

OF_TOKENS: dict[str, Callable[[str], Answer]] = {
    "UNREGISTERED": lambda _: answers.unregistered(),
    "SENDER_ID_MISMATCH": lambda _: answers.sender_id_mismatch(),
    "INVALID_ARGUMENT of the token": answers.invalid_token,
}
"""A token that was answered so once is answered so for ever."""

OF_MESSAGES: dict[str, Callable[[], Answer]] = {
    "INVALID_ARGUMENT of the message": lambda: answers.invalid_argument(field="message.android", description="No."),
}

QUOTA = "QUOTA_EXCEEDED of the lane"

PASSING: dict[str, Callable[[], Answer]] = {
    "INTERNAL": answers.internal,
    "UNAVAILABLE": answers.unavailable,
    "UNAVAILABLE, seconds": lambda: answers.unavailable(retry_after="11"),
    "a proxy's 502": lambda: answers.proxy_page(502),
    "cut before it was taken": lambda: answers.cut(accepts=False),
    "cut after it was taken": lambda: answers.cut(accepts=True),
    "half an answer": answers.half,
    "gibberish": answers.gibberish,
}


class Mix:
    """Answers at random, the same at every run with the same sends in the same order."""

    def __init__(
        self,
        chance: random.Random,
        *,
        share: float,
        errors_each: int,
        late_seconds: float,
        pause_every: float,
        pause_seconds: float,
    ) -> None:
        """`share` is each kind's; a push is refused `errors_each` times at most, so that an end is in sight.

        `late_seconds` is past the client's patience: the answer, of a push that was taken, is never heard. Every so
        often the quota of one lane, Android's and Apple's in turn, is used up for `pause_seconds`.
        """
        self.given: Counter[str] = Counter()
        self._chance = chance
        self._share = share
        self._errors_each = errors_each
        self._passing = {**PASSING, "late": lambda: answers.late(late_seconds)}
        self._kinds = [*OF_TOKENS, *OF_MESSAGES, *self._passing]
        self._pause_every = pause_every
        self._pause_seconds = pause_seconds
        self._began = time.monotonic()
        self._dead: dict[str, Answer] = {}
        self._errors: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: SendMessageRequest) -> Answer | None:
        """Return what to answer instead of a 200."""
        token = request.message.token or ""
        with self._lock:
            dead = self._dead.get(token)
            if dead is not None:
                return dead
            seconds = self._paused_for("apns" if request.message.apns else "android")
            if seconds:
                self.given[QUOTA] += 1
                return answers.quota_exceeded(retry_after=str(seconds))
            key = (token, (request.message.data or {}).get("notification_id", ""))
            place = int(self._chance.random() / self._share)
            if place >= len(self._kinds) or self._errors[key] >= self._errors_each:
                return None
            self._errors[key] += 1
            kind = self._kinds[place]
            self.given[kind] += 1
            if kind in OF_TOKENS:
                self._dead[token] = OF_TOKENS[kind](token)
                return self._dead[token]
            return (OF_MESSAGES.get(kind) or self._passing[kind])()

    def _paused_for(self, lane: str) -> int:
        """In how many seconds, rounded up, the lane's pause is over; 0 outside of one."""
        number, into = divmod(time.monotonic() - self._began, self._pause_every)
        if number == 0 or into >= self._pause_seconds or lane != ("android", "apns")[int(number) % 2]:
            return 0
        return math.ceil(self._pause_seconds - into)

"""A phone as its owner sees it, and what Google and Apple keep for it while it is away."""

from dataclasses import dataclass, field
from typing import Any, Self

KEPT = 100
"""Messages without a collapse key that are kept for a phone; at one more they are all dropped."""
KEYS = 4
"""Collapse keys; which messages a fifth one costs is not said: here the oldest."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message on its way: the `notice` it tells of, the `tag` it is shown under, and when it is worth nothing.

    `expires_at` is in seconds of the epoch.
    """

    notice: str
    tag: str
    collapse_key: str | None
    expires_at: float

    @classmethod
    def of(cls, message: dict[str, Any], *, now: float) -> Self:
        """Read FCM's message; Any, since it is JSON."""
        notice = str(message["data"]["notification_id"])
        if "android" in message:
            part = message["android"]
            tag, life = part["notification"]["tag"], float(part["ttl"].removesuffix("s"))
            return cls(notice, tag, part["collapse_key"], now + life)
        if "apns" in message:
            headers = message["apns"]["headers"]
            # APNs keeps one message for an app, the last.
            return cls(notice, headers["apns-collapse-id"], "the app", float(headers["apns-expiration"]))
        part = message["webpush"]
        return cls(notice, part["notification"]["tag"], None, now + float(part["headers"]["TTL"]))


@dataclass(slots=True)
class Handset:
    """Shows each notice under its tag, in place of what was shown under it.

    `seen` has a notice as often as the owner saw it come: a repeat in its place is not seen. (One that was swiped away
    before its repeat is; nothing but the bound on repeats holds there.) `dropped` has what was not kept for it.
    """

    is_away: bool = False
    seen: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    _shown: dict[str, str] = field(default_factory=dict)
    _kept: list[Arrival] = field(default_factory=list)

    def receive(self, arrival: Arrival, *, now: float) -> None:
        """Show a message, or keep it until the phone is back."""
        if self.is_away:
            self._keep(arrival)
        else:
            self._show(arrival, now)

    def come_back(self, *, now: float) -> None:
        """Show what was kept and is not past."""
        self.is_away = False
        kept, self._kept = self._kept, []
        for arrival in kept:
            self._show(arrival, now)

    def _keep(self, arrival: Arrival) -> None:
        if arrival.collapse_key is None:
            plain = [one for one in self._kept if one.collapse_key is None]
            if len(plain) == KEPT:
                self._drop(*plain)
        else:
            self._drop(*(one for one in self._kept if one.collapse_key == arrival.collapse_key))
            keyed = [one for one in self._kept if one.collapse_key is not None]
            if len(keyed) == KEYS:
                self._drop(keyed[0])
        self._kept.append(arrival)
        self.dropped.discard(arrival.notice)

    def _drop(self, *arrivals: Arrival) -> None:
        for one in arrivals:
            self._kept.remove(one)
            self.dropped.add(one.notice)

    def _show(self, arrival: Arrival, now: float) -> None:
        if now >= arrival.expires_at:
            self.dropped.add(arrival.notice)
        elif self._shown.get(arrival.tag) != arrival.notice:
            self._shown[arrival.tag] = arrival.notice
            self.seen.append(arrival.notice)

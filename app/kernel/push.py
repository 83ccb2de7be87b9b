"""The vocabulary of sending pushes: what is sent, to which device, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.kernel.i18n import Locale, Text

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=15)
QUIET_FROM = time(22)
QUIET_UNTIL = time(6)
"""Between them, in the device's own time zone, nothing rings but what breaks quiet hours."""


class Platform(StrEnum):
    """What a device is; it decides which part of a message the device reads."""

    android = "android"
    ios = "ios"
    web = "web"


class Channel(StrEnum):
    """The switch in a phone's settings that governs a push; the apps create channels of these names."""

    meeting_reminder = "meeting_reminder"
    meeting_changed = "meeting_changed"
    announcement = "announcement"
    resolution = "resolution"
    system = "system"


COLLAPSE_KEYS = {
    Channel.meeting_reminder: "meeting",
    Channel.meeting_changed: "meeting",
    Channel.announcement: "announcement",
    Channel.resolution: "resolution",
    Channel.system: "system",
}
"""FCM keeps at most four collapse keys for a device that is away, and drops messages at the fifth."""


@dataclass(frozen=True, slots=True)
class PushMessage:
    """A poke and one generic line, the same for every device.

    Google, Apple and the lock screen read it: `title` and `body` hold no name, title or agenda text, and
    equal what the apps keep under `title_loc_key` and `body_loc_key`. `expires_at` is aware; `link` absolute.
    """

    notification_id: UUID
    type: str
    channel: Channel
    subject_id: UUID
    link: str
    title: Text
    body: Text
    expires_at: datetime
    urgent: bool
    digest_count: int | None = None
    """How many notices it stands for, if it is a digest of them."""

    @property
    def title_loc_key(self) -> str:
        """The title's name in the apps' string resources, such as `meeting_announced_title`."""
        return f"{self.type}_title"

    @property
    def body_loc_key(self) -> str:
        """The line's name in the apps' string resources, such as `meeting_announced_body`."""
        return f"{self.type}_body"

    @property
    def body_loc_args(self) -> tuple[str, ...]:
        """What the apps put into the line: the number of notices in a digest's, and nothing in any other."""
        return () if self.digest_count is None else (str(self.digest_count),)

    @property
    def tag(self) -> str:
        """What a later push replaces on the screen: its own repetition, or a digest the last one."""
        return str(self.notification_id) if self.digest_count is None else "digest"

    @property
    def collapse_key(self) -> str:
        """One of four constants: of two waiting messages with the same one, a device gets the later."""
        return COLLAPSE_KEYS[self.channel]


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Word to a device to take a notice off its screen; it shows nothing and makes no sound.

    It has no collapse key: with one it would take the place of a push that waits for the device.
    """

    notification_id: UUID
    expires_at: datetime


Message = PushMessage | Dismissal


@dataclass(frozen=True, slots=True)
class Target:
    """A device to push to; `token` is FCM's address of it (a secret), `time_zone` an IANA name."""

    device_id: UUID
    platform: Platform
    token: str
    locale: Locale
    time_zone: str
    device_name: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Taken over by the sender's peer, under its name for the message if it gave one; final."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class TokenDead:
    """The app was uninstalled or has a newer token: forget this one; final."""

    reason: str


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """No token, or one of another app (`is_foreign`): set it aside until the phone has a new one; final."""

    reason: str
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not taken, or not known to be: send it again, but not before `delay` has passed."""

    delay: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class LaneBusy:
    """Too much was sent: nothing goes to this platform before `delay` has passed, then this again."""

    delay: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class LaneStopped:
    """Nothing can reach this platform until an operator has set something right; then this again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused so that sending it again cannot help; final. `reason` begins with the peer's error code."""

    reason: str


Outcome = Sent | TokenDead | TokenRefused | RetryAfter | LaneBusy | LaneStopped | Rejected
Outcomes = dict[UUID, Outcome]
"""By `device_id`."""


class PushSender(Protocol):
    """Carries one message to many devices."""

    async def send(
        self, message: Message, targets: Sequence[Target], *, until: datetime, told: Outcomes | None = None
    ) -> Outcomes:
        """Send to all targets at once, bounded, and return each one's outcome; `told` has it as soon as it is known.

        No send begins at or after the instant `until` (the lease is nearly over), nor to a platform that the
        peer asked to leave alone: such targets are absent from the result. One target's failure is an outcome,
        never an exception.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections; the sender is not used afterwards."""
        ...


def backoff(attempt: int, *, jitter: float) -> timedelta:
    """Return how long to wait after the failure number `attempt` (0 is the first): 10 s × 2ⁿ, 15 min at most.

    `jitter` in [0, 1) lengthens the wait by up to half: what failed together shall not return together.
    """
    doubled = FIRST_DELAY * (1 << min(max(attempt, 0), 7))  # 10 s × 2⁷ is past the longest delay already
    return min(doubled * (1 + jitter / 2), LONGEST_DELAY)

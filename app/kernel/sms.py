"""The vocabulary of text messages: what is sent to which number; what became of it is said as of pushes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.kernel.push import Rejected, RetryAfter, Sent

LONGEST = 160
"""Characters of the GSM alphabet in one message; a letter with a Vietnamese accent would make it 70."""


@dataclass(frozen=True, slots=True)
class Sms:
    """One text to one number (E.164); a repeat has the same `reference`. Carriers read it: no names, no titles."""

    reference: UUID
    phone: str
    text: str


SmsOutcome = Sent | RetryAfter | Rejected


class SmsSender(Protocol):
    """Carries text messages; not a `PushSender`, since there is no device, link, tag or time to live."""

    async def send(self, messages: Sequence[Sms], *, until: datetime) -> dict[UUID, SmsOutcome]:
        """Send all of them, bounded, and return each one's outcome by `reference`.

        No send begins at or after the instant `until`: such messages are absent from the result. One message's failure
        is an outcome, never an exception.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections; the sender is not used afterwards."""
        ...

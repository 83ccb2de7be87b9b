"""How large the made-up province is, and over which time it has lived."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.demo.cast import HANOI

HOME = ZoneInfo(HANOI)
GRASSROOTS_A_COMMUNE = 5
COMMITTEE_EVERY = 10
"""Of so many grassroots organisations one has a committee between itself and its branches."""
FEWEST = 3
"""Members of a branch (domain.md 4)."""
PAPERS_SHOWN = timedelta(days=365)
INBOX_SHOWN = timedelta(days=92)
VISITS_SHOWN = timedelta(days=92)
RECEIPTS_SHOWN = timedelta(days=183)
"""What is written of the last months only: older notices, visits and marks are read by nobody."""


class TooSmall(ValueError):
    """Fewer members than three a branch, or fewer branches than grassroots organisations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The numbers asked for. `until` is the first day that has not happened; a seed gives the same rows every time.

    Each branch has met `meetings_factor` times a month on average; beyond one a month the meetings are thematic.
    """

    members: int
    organisations: int
    branches: int
    years: int
    meetings_factor: float
    seed: int
    until: date

    def __post_init__(self) -> None:
        """Raise TooSmall."""
        if self.members < FEWEST * self.branches or not 1 <= self.organisations <= self.branches:
            raise TooSmall

    @property
    def communes(self) -> int:
        """Return how many communes the grassroots organisations lie in."""
        return max(self.organisations // GRASSROOTS_A_COMMUNE, 1)

    @property
    def begins_on(self) -> date:
        """Return the first day that the province has lived: the first of a month."""
        return date(self.until.year - self.years, self.until.month, 1)

    @property
    def months(self) -> list[date]:
        """Return the first day of each month, this one among them."""
        first = self.begins_on.year * 12 + self.begins_on.month - 1
        last = self.until.year * 12 + self.until.month - 1
        return [date(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]

    @property
    def now(self) -> datetime:
        """Return the instant that the province has come to: midnight in Việt Nam before `until`."""
        return at(self.until, 0)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the instant (UTC) at which clocks in Việt Nam show this."""
    return datetime.combine(day, time(hour, minute), tzinfo=HOME).astimezone(UTC)

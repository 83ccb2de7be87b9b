"""Attendance counted: the head counts of a roll, its rate and band, and whether a quorum is there (domain.md 15–17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.meetings.models import TOOK_PART, Attendance, ReplyKind
from app.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the roster's own members (guests are in no headcount) have which attendance.

    Whoever is exempt and has not come counts as exempt before the roll says so: they lower no rate.
    """

    by_attendance: Mapping[Attendance, int]
    not_taken: int

    @property
    def total(self) -> int:
        """Return how many are on the roster."""
        return sum(self.by_attendance.values()) + self.not_taken

    @property
    def present(self) -> int:
        """Return how many took part: here, online or late."""
        return sum(self.of(kind) for kind in TOOK_PART)

    @property
    def expected(self) -> int:
        """Return the denominator of rate and quorum: all but the exempt."""
        return self.total - self.of(Attendance.exempt)

    @property
    def rate(self) -> Fraction | None:
        """Return present / (total - exempt), or None where everybody is exempt."""
        return Fraction(self.present, self.expected) if self.expected else None

    def of(self, kind: Attendance) -> int:
        """Return how many have an attendance."""
        return self.by_attendance.get(kind, 0)

    def has_quorum(self, rules: RuleSet) -> bool:
        """Say whether as many are present as the rules ask for; the answer warns and stops nothing."""
        return self.rate is not None and self.rate >= rules.quorum


def tally(counted: Mapping[tuple[Attendance | None, bool], int]) -> Tally:
    """Count a roster given as numbers of members by (attendance or None, whether exempt)."""
    by_attendance: dict[Attendance, int] = {}
    not_taken = 0
    for (attendance, is_exempt), count in counted.items():
        kind = attendance or (Attendance.exempt if is_exempt else None)
        if kind is None:
            not_taken += count
        else:
            by_attendance[kind] = by_attendance.get(kind, 0) + count
    return Tally(by_attendance=by_attendance, not_taken=not_taken)


def suggest(*, is_exempt: bool, is_away: bool, reply: ReplyKind | None) -> Attendance | None:
    """Return what the roll would say of somebody who does not come, from standing and reply; None is unexcused.

    Who is on a temporary transfer meets with the host (domain.md 7): at home that is the reason, unless they said that
    they would come.
    """
    if is_exempt:
        return Attendance.exempt
    return Attendance.excused if reply is ReplyKind.absent or (is_away and reply is None) else None

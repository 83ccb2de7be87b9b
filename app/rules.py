"""Rule sets: the party's numbers, dated, each with the document that gives it; no threshold stands elsewhere in code.

A rule set is kept by reference (its `key`) with every meeting when it begins and every poll when it opens, so that a
later one never changes what is closed.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction


class RuleSetUnknown(LookupError):
    """No rule set of this key, or none in force on the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A band of attendance: everybody at or above `least` (a share of 1) who is in no higher one."""

    code: str
    least: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """What was in force from a day on. Fractions are shares of 1; see domain.md for each rule's source."""

    document: str
    effective_on: date
    papers_before: timedelta
    """Papers are uploaded at least this long before a meeting (domain.md 12)."""
    minutes_within: timedelta
    """Minutes and resolution are published at most this long after a meeting (domain.md 12)."""
    shortest_meeting: timedelta
    quorum: Fraction
    """Share of the convened who should be present; below it the software warns, no more (domain.md 17)."""
    attendance_bands: tuple[Band, ...]
    """From the highest down (domain.md 15)."""
    resolution_passes_above: Fraction
    """More than this share of the electorate (domain.md 20)."""
    admission_passes_from: Fraction
    """At least this share, for admission and recognition (domain.md 20)."""
    fewest_secret_voters: int
    """Of fewer eligible voters a secret ballot would not be secret (reliability-security.md 18)."""
    removal_after_months: int
    """Months absent without good reason in one year after which removal may be proposed (domain.md 9)."""
    candidate_pool_from: Fraction
    """Candidates to one planned admission, at least (domain.md 10: 1.5 to 2)."""
    excellent_of_good_up_to: Fraction
    """How many may be rated excellent to one who is rated good (25-HD/BTCTW)."""

    @property
    def key(self) -> str:
        """Return how meetings and polls refer to it: document and day, such as `42-HD/BTCTW@2025-10-28`."""
        return f"{self.document}@{self.effective_on.isoformat()}"

    def attendance_band(self, share: Fraction) -> Band:
        """Return the band of an attendance rate (a share of 1)."""
        return next(band for band in self.attendance_bands if share >= band.least)


RULE_SETS = (
    RuleSet(
        document="42-HD/BTCTW",
        effective_on=date(2025, 10, 28),
        papers_before=timedelta(days=1),
        minutes_within=timedelta(days=2),
        shortest_meeting=timedelta(minutes=90),
        quorum=Fraction(2, 3),
        attendance_bands=(
            Band(code="excellent", least=Fraction(90, 100)),
            Band(code="good", least=Fraction(75, 100)),
            Band(code="fair", least=Fraction(65, 100)),
            Band(code="poor", least=Fraction(0)),
        ),
        resolution_passes_above=Fraction(1, 2),
        admission_passes_from=Fraction(2, 3),
        fewest_secret_voters=5,
        removal_after_months=3,
        candidate_pool_from=Fraction(3, 2),
        excellent_of_good_up_to=Fraction(1, 5),
    ),
)
"""In the order of their days; a new one is added below, none is ever changed."""


def rules_in_force(on: date, *, among: tuple[RuleSet, ...] = RULE_SETS) -> RuleSet:
    """Return the latest rule set in force on a day; the first one also speaks for the days before it."""
    begun = [rules for rules in among if rules.effective_on <= on]
    return max(begun, key=lambda rules: rules.effective_on) if begun else among[0]


def rules_named(key: str, *, among: tuple[RuleSet, ...] = RULE_SETS) -> RuleSet:
    """Return the rule set that a meeting or poll keeps by its key; raises RuleSetUnknown."""
    for rules in among:
        if rules.key == key:
            return rules
    raise RuleSetUnknown(key)

"""What the figures of a poll decide, in exact fractions."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.polls.models import Choice, Matter
from app.rules import RuleSet

_NEEDS_TWO_THIRDS = frozenset({Matter.admission, Matter.recognition})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The figures of a closed poll; the denominator is the electorate, not those who voted (domain.md 19)."""

    for_count: int
    against_count: int
    other_count: int
    denominator: int
    passed: bool


def tally(counts: Mapping[Choice, int], *, denominator: int, matter: Matter, rules: RuleSet) -> Tally:
    """Return the result by the rule set the poll was opened under."""
    in_favour = counts.get(Choice.in_favour, 0)
    return Tally(
        for_count=in_favour,
        against_count=counts.get(Choice.against, 0),
        other_count=counts.get(Choice.other, 0),
        denominator=denominator,
        passed=passes(in_favour, denominator=denominator, matter=matter, rules=rules),
    )


def passes(in_favour: int, *, denominator: int, matter: Matter, rules: RuleSet) -> bool:
    """Say whether so many of the electorate carry the matter (domain.md 20); nothing passes where nobody counts.

    Admission and recognition pass from their share on, everything else above its own.
    """
    if matter in _NEEDS_TWO_THIRDS:
        return denominator > 0 and in_favour >= rules.admission_passes_from * denominator
    return in_favour > rules.resolution_passes_above * denominator


def percent(part: int, *, of: int) -> float:
    """Return a share in per cent to two places, halves rounded up, as minutes write it; of nobody it is 0."""
    if of == 0:
        return 0.0
    return float((Decimal(100 * part) / of).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))

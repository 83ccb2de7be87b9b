"""Ratios that the rule sets judge: the band of a rate of attendance, and the cap of the best grade."""

from fractions import Fraction

from app.rules import RuleSet


def band_of(rules: RuleSet, present: int, expected: int) -> str | None:
    """Return the band's code (domain.md 15); None where nobody was expected."""
    return rules.attendance_band(Fraction(present, expected)).code if expected else None


def is_over_cap(excellent: int, good: int, rules: RuleSet) -> bool:
    """Say whether more were rated excellent than may be, to those who were rated good."""
    return excellent > good * rules.excellent_of_good_up_to

"""Percentages as officials print them: exact fractions, rounded once, with a decimal comma in Vietnamese."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction


class Rounding(StrEnum):
    """How the last digit is made: 111.63 is 112 by `half_up`, 111 by `down`."""

    half_up = "half_up"
    down = "down"


_MODES = {Rounding.half_up: ROUND_HALF_UP, Rounding.down: ROUND_DOWN}
HUNDRED = 100
MOST_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Style:
    """With at most how many decimals percentages are given, and how the last one is made."""

    digits: int = MOST_DIGITS
    rounding: Rounding = Rounding.half_up


PLAIN = Style()


def percent(part: int | None, whole: int | None, style: Style = PLAIN) -> float | None:
    """Return part / whole in percent; None where one is not known, and of nothing."""
    return None if part is None or not whole else _rounded(Fraction(HUNDRED * part, whole), style)


def percent_over(part: int, whole: int | None, style: Style = PLAIN) -> float | None:
    """Return by how many percent part exceeds whole, negative where it falls short: 320 of 293 is 9.22 over."""
    return percent(part - (whole or 0), whole, style)


def _rounded(value: Fraction, style: Style) -> float:
    # Divided to many more digits than are kept; what lies exactly between two is exact there.
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return float(exact.quantize(Decimal(1).scaleb(-style.digits), rounding=_MODES[style.rounding]))


def written(value: float | None) -> str:
    """Return a figure as Vietnamese papers print it: 104.75 → `104,75`, 120.0 → `120`; none is a dash."""
    return "–" if value is None else f"{value:.{MOST_DIGITS}f}".rstrip("0").rstrip(".").replace(".", ",")

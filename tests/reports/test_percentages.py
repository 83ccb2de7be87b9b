"""Percentages as officials print them: the published figures, from the numbers they were made of."""

import json
from typing import Any

import pytest

from app.reports.percentages import Rounding, Style, percent, percent_over, written

PUBLISHED = json.loads("""
[
 {"where": "Ninh Bình province", "year": 2023, "part": 2360, "whole": 2253, "printed": "104,75"},
 {"where": "Vị Thanh city", "year": 2021, "part": 48, "whole": 43, "digits": 0, "rounding": "down", "printed": "111"},
 {"where": "Nho Quan district", "year": 2023, "part": 320, "whole": 293, "over": true, "digits": 1, "printed": "9,2"},
 {"where": "Ninh Bình, new organisations", "year": 2023, "part": 12, "whole": 10, "printed": "120"},
 {"where": "Bắc Giang, masters", "year": 2015, "part": 204, "whole": 13832, "digits": 1, "printed": "1,5"}
]
""")
"""Every figure of the published documents whose numbers were published too."""


@pytest.mark.parametrize("figure", PUBLISHED, ids=lambda figure: str(figure["where"]))
def test_published_percentage_is_reproduced_to_the_digit(figure: dict[str, Any]) -> None:
    style = Style(figure.get("digits", 2), Rounding(figure.get("rounding", "half_up")))
    made = (percent_over if figure.get("over") else percent)(figure["part"], figure["whole"], style)
    assert written(made) == figure["printed"]


@pytest.mark.parametrize("tenths", [923, 538, 689, 470, 113, 289, 95])
def test_composition_to_a_tenth_is_what_some_whole_number_of_people_makes(tenths: int) -> None:
    people = round(13832 * tenths / 1000)
    assert percent(people, 13832, Style(1)) == tenths / 10


@pytest.mark.parametrize(
    ("part", "whole", "style", "printed"),
    [
        (1, 8, Style(2), "12,5"),
        (1, 800, Style(2), "0,13"),
        (57, 20_000, Style(2), "0,29"),
        (1, 800, Style(2, Rounding.down), "0,12"),
        (2, 3, Style(0), "67"),
        (2, 3, Style(0, Rounding.down), "66"),
        (0, 7, Style(), "0"),
        (7, 0, Style(), "–"),
        (None, 7, Style(), "–"),
        (4, 3, Style(), "133,33"),
    ],
)
def test_last_digit_is_rounded_once_from_the_exact_fraction(
    part: int | None, whole: int, style: Style, printed: str
) -> None:
    assert written(percent(part, whole, style)) == printed


def test_missed_plan_is_below_by_so_much_and_cut_towards_nothing() -> None:
    assert percent_over(2, 3, Style(1)) == -33.3
    assert percent_over(2, 3, Style(0, Rounding.down)) == -33.0

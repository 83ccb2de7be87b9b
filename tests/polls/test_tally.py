import pytest

from app.polls.models import Choice, Matter
from app.polls.tally import passes, percent, tally
from app.rules import RULE_SETS

RULES = RULE_SETS[0]


@pytest.mark.parametrize(
    ("matter", "denominator", "least"),
    [
        (Matter.resolution, 20, 11),
        (Matter.resolution, 21, 11),
        (Matter.other, 19, 10),
        (Matter.other, 1, 1),
        (Matter.admission, 20, 14),
        (Matter.admission, 21, 14),
        (Matter.recognition, 3, 2),
        (Matter.recognition, 1_000_000, 666_667),
        (Matter.resolution, 0, 1),
        (Matter.admission, 0, 1),
    ],
)
def test_more_than_half_carries_a_resolution_and_two_thirds_an_admission(
    matter: Matter, denominator: int, least: int
) -> None:
    assert not passes(least - 1, denominator=denominator, matter=matter, rules=RULES)
    assert denominator == 0 or passes(least, denominator=denominator, matter=matter, rules=RULES)


def test_who_did_not_vote_counts_against_the_share_not_as_a_vote() -> None:
    counts = {Choice.in_favour: 10, Choice.against: 1}
    result = tally(counts, denominator=20, matter=Matter.resolution, rules=RULES)
    assert (result.for_count, result.against_count, result.other_count) == (10, 1, 0)
    assert (result.denominator, result.passed) == (20, False)


@pytest.mark.parametrize(
    ("part", "of", "said"), [(2, 3, 66.67), (1, 3, 33.33), (1, 800, 0.13), (17, 17, 100.0), (0, 0, 0.0)]
)
def test_per_cent_has_two_places_with_halves_rounded_up(part: int, of: int, said: float) -> None:
    assert percent(part, of=of) == said

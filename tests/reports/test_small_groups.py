"""Which groups are broken down: nobody can compute the traits of fewer than five people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.small_groups import SMALLEST, shown, shown_throughout


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([5], [True]),
        ([4], [False]),
        ([30, 3, 9], [True, False, False]),
        ([30, 3, 2, 9], [True, False, False, True]),
        ([30, 0, 9], [True, False, True]),
    ],
)
def test_small_group_takes_the_next_one_with_it(sizes: list[int], expected: list[bool]) -> None:
    assert shown(sizes) == expected


@given(st.lists(st.integers(0, 12), max_size=12))
def test_what_is_withheld_is_together_nobody_or_five_people_or_everybody(sizes: list[int]) -> None:
    are_shown = shown(sizes)
    withheld = sum(size for size, is_shown in zip(sizes, are_shown, strict=True) if not is_shown)
    assert withheld == 0 or withheld >= SMALLEST or not any(are_shown)
    assert all(size >= SMALLEST for size, is_shown in zip(sizes, are_shown, strict=True) if is_shown)


@given(
    st.integers(1, 6).flatmap(
        lambda groups: st.lists(st.lists(st.integers(0, 9), min_size=groups, max_size=groups), min_size=2, max_size=4)
    )
)
def test_no_difference_of_two_periods_is_a_small_group(years: list[list[int]]) -> None:
    longer, shorter, last = shown_throughout(years), shown_throughout(years[:-1]), years[-1]
    assert all(
        size == 0 or size >= SMALLEST
        for size, both in zip(last, zip(longer, shorter, strict=True), strict=True)
        if all(both)
    )
    withheld = sum(size for size, is_shown in zip(last, longer, strict=True) if not is_shown)
    of_anybody = any(is_shown and size for size, is_shown in zip(last, longer, strict=True))
    assert withheld == 0 or withheld >= SMALLEST or not of_anybody

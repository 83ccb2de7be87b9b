"""Which groups are broken down: nobody can compute the traits of fewer than five people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.small_groups import SMALLEST, shown


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

"""Whatever is sent, by whomever: never a 500, and always what the document says.

A sample of it; `scripts/check-fuzz` sends the rest.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.fuzzing import Bounds, fuzz
from tests.contract.living import Living, living

AT_LENGTH = int(os.environ.get("SOTAY_FUZZ_EXAMPLES", "0"))
"""How many examples of each operation, with every bound of its schemas; 0 is the sample."""


@pytest.fixture
def served(live_database_url: str, tmp_path: Path) -> Iterator[Living]:
    with living(live_database_url, tmp_path) as running:
        yield running


def test_fuzzing_as_a_secretary_finds_nothing(served: Living) -> None:
    found, statuses = fuzz(
        served,
        served.world.secretary,
        max_examples=AT_LENGTH or 1,
        bounds=Bounds.all if AT_LENGTH else Bounds.one_of_each_kind,
    )
    assert not found, "\n\n".join(found)
    assert {"200", "204", "404", "409", "412", "422", "428"} <= set(statuses)  # it came past the door


def test_fuzzing_as_a_member_finds_nothing(served: Living) -> None:
    found, statuses = fuzz(
        served,
        served.world.member,
        max_examples=AT_LENGTH or 2,
        bounds=Bounds.all if AT_LENGTH else Bounds.none,
        seed=2,
    )
    assert not found, "\n\n".join(found)
    assert {"200", "403", "404", "422"} <= set(statuses)

"""Whatever is sent, by whomever: never a 500, and always what the document says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.fuzzing import fuzz
from tests.contract.living import Living, living


@pytest.fixture
def served(live_database_url: str, tmp_path: Path) -> Iterator[Living]:
    with living(live_database_url, tmp_path) as running:
        yield running


def test_fuzzing_as_a_secretary_finds_nothing(served: Living) -> None:
    found, statuses = fuzz(served, served.world.secretary, max_examples=1)
    assert not found, "\n\n".join(found)
    assert {"200", "204", "404", "409", "412", "422", "428"} <= set(statuses)  # it came past the door


def test_fuzzing_as_a_member_finds_nothing(served: Living) -> None:
    found, statuses = fuzz(served, served.world.member, max_examples=2, coverage=False, seed=2)
    assert not found, "\n\n".join(found)
    assert {"200", "403", "404", "422"} <= set(statuses)

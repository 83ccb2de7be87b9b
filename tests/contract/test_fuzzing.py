"""Whatever is sent, by whomever: never a 500, and always what the document says.

A sample of it; `scripts/check-fuzz` sends the rest.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.fuzzing import Bounds, fuzz
from tests.contract.living import Living, living
from tests.contract.roles import ROLES

pytestmark = pytest.mark.begins_first(45)

AT_LENGTH = int(os.environ.get("SOTAY_FUZZ_EXAMPLES", "0"))
"""How many examples of each operation, with every bound of its schemas; 0 is the sample."""

SAMPLE = {"secretary": 1, "member": 2}
"""Who asks in the sample, and how many examples of each operation."""
REACHED = {
    "anonymous": {"401"},
    "former": {"401"},
    "secretary": {"200", "204", "404", "409", "412", "422", "428"},
    "member": {"200", "403", "404", "422"},
}
"""Statuses that say that the calls came past the door, where it is open."""


@pytest.fixture
def served(live_database_url: str, tmp_path: Path) -> Iterator[Living]:
    with living(live_database_url, tmp_path) as running:
        yield running


@pytest.mark.parametrize("role", ROLES if AT_LENGTH else SAMPLE)
def test_fuzzing_as_each_role_finds_nothing(role: str, served: Living) -> None:
    bounds = {"secretary": Bounds.all if AT_LENGTH else Bounds.one_of_each_kind}
    found, statuses = fuzz(
        served,
        None if role == "anonymous" else getattr(served.world, role),
        max_examples=AT_LENGTH or SAMPLE[role],
        bounds=bounds.get(role, Bounds.none),
        seed=ROLES.index(role),
    )
    assert not found, "\n\n".join(found)
    assert REACHED.get(role, {"200", "404", "422"}) <= set(statuses)

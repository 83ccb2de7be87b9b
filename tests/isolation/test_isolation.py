"""No branch reads another: a sample of what `scripts/check-isolation` asks a million times."""

from pathlib import Path

import pytest

from tests.isolation.asking import RELATIONS
from tests.isolation.faults import Fault
from tests.isolation.model import Model
from tests.isolation.state import Document, Meeting, Person
from tests.isolation.trial import try_country, try_faults

pytestmark = pytest.mark.begins_first(100)

REQUESTS = 2_500


@pytest.mark.parametrize("seed", [1, 2])
async def test_everybody_is_shown_what_the_model_says_and_nothing_else(
    seed: int, live_database_url: str, tmp_path: Path
) -> None:
    findings = await try_country(live_database_url, tmp_path, requests=REQUESTS, seed=seed)
    assert findings.is_clean, "\n".join(f"{what}: {one}" for what, found in findings.wrong.items() for one in found)
    assert {relation for _, relation, _ in findings.answers} >= RELATIONS.keys() - {"gone"}
    assert {answer for _, _, answer in findings.answers} >= {"ok", "401", "403", "404", "409"}
    assert findings.words_judged > REQUESTS / 4
    assert findings.items_judged > REQUESTS / 4
    assert min(findings.digests, findings.replays) > 0


class WrongReading(Model):
    """Says that nobody is called to a meeting, and that everybody reads every document."""

    def is_called(self, person: Person, meeting: Meeting) -> bool:
        del person, meeting
        return False

    def reads_document(self, person: Person, document: Document) -> bool:
        del person, document
        return True


async def test_a_row_too_many_and_a_row_too_few_are_both_found(live_database_url: str, tmp_path: Path) -> None:
    findings = await try_country(live_database_url, tmp_path, requests=450, seed=3, reading=WrongReading)
    assert findings.wrong["foreign rows"]
    assert findings.wrong["missing rows"]
    assert findings.wrong["wrong answers"]
    assert not findings.wrong["server errors"]


async def test_faults_that_are_planted_are_found(live_database_url: str, tmp_path: Path) -> None:
    """The long run plants all of them: `scripts/check-isolation --plant`."""
    planted = [Fault("list", "sibling"), Fault("changes", "former"), Fault("export", "above")]
    found = await try_faults(live_database_url, tmp_path, planted, seed=5, at_most=300)
    assert [str(fault) for fault, findings in found.items() if findings.is_clean] == []

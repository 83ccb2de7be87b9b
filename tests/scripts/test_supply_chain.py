"""What is shipped: under licences that are allowed, without flaws that are known, and said in an SBOM."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.demo.programs import free_port
from tests.fcm.answers import Answer
from tests.loopback import Loopback
from tests.scripts.test_scripts import ROOT, run

FLAW = {
    "id": "PYSEC-2026-1",
    "summary": "A planted flaw",
    "affected": [{"package": {"name": "planted", "ecosystem": "PyPI"}}],
}


class Osv(Loopback):
    """Knows one flaw, of one package."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        del method, path, headers
        asked = json.loads(body)["package"]["name"]
        return Answer(200, json.dumps({"vulns": [FLAW]} if asked == "planted" else {}).encode())


def distribution(directory: Path, name: str, **metadata: str) -> None:
    """Make a distribution as Python finds it."""
    place = directory / f"{name}-1.0.dist-info"
    place.mkdir(parents=True)
    told = {"Metadata-Version": "2.4", "Name": name, "Version": "1.0"}
    told |= {key.replace("_", "-"): value for key, value in metadata.items()}
    (place / "METADATA").write_text("".join(f"{key}: {value}\n" for key, value in told.items()))


def judged(tmp_path: Path, *more: str | Path, pinned: str) -> subprocess.CompletedProcess[str]:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(pinned)
    licences = ROOT / "scripts/licences.py"
    return run(sys.executable, licences, requirements, *more, PYTHONPATH=tmp_path / "installed")


@pytest.mark.parametrize(
    ("metadata", "refused"),
    [
        ({"License_Expression": "MIT"}, 0),
        ({"License_Expression": "GPL-3.0-only OR MIT"}, 0),
        ({"License_Expression": "Apache-2.0 AND (MIT OR BSD-3-Clause)"}, 0),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, 0),
        ({"License": "Apache 2.0"}, 0),
        ({"License_Expression": "AGPL-3.0-only"}, 1),
        ({"License_Expression": "MIT AND GPL-2.0-or-later"}, 1),
        ({"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, 1),
        ({"License": "ask us"}, 1),
        ({}, 1),
    ],
)
def test_only_licences_that_are_listed_are_shipped(metadata: dict[str, str], refused: int, tmp_path: Path) -> None:
    distribution(tmp_path / "installed", "planted", **metadata)
    done = judged(tmp_path, pinned="planted==1.0\n")
    assert done.returncode == refused, done.stderr
    assert done.stdout.count("planted 1.0: ") == refused


def test_licences_stand_in_the_sbom_and_in_a_list(tmp_path: Path) -> None:
    distribution(tmp_path / "installed", "planted", License_Expression="MIT")
    sbom: dict[str, Any] = {"components": [{"name": "planted"}, {"name": "for-another-system"}]}
    (tmp_path / "sbom.json").write_text(json.dumps(sbom))
    pinned = "# by uv\nplanted==1.0\n    # via root\nfor-another-system==2 ; sys_platform == 'none'\n"
    done = judged(tmp_path, "--sbom", tmp_path / "sbom.json", "--out", tmp_path / "list.md", pinned=pinned)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "sbom.json").read_text())["components"]
    assert told == [{"name": "planted", "licenses": [{"expression": "MIT"}]}, {"name": "for-another-system"}]
    assert "| planted | 1.0 | MIT |" in (tmp_path / "list.md").read_text()


def test_what_is_pinned_and_not_installed_is_not_passed_over(tmp_path: Path) -> None:
    done = judged(tmp_path, pinned="missing==1.0\n")
    assert done.returncode == 1
    assert "missing is pinned and not installed" in done.stderr


def test_a_known_flaw_fails_and_a_service_that_is_away_is_skipped_aloud(tmp_path: Path) -> None:
    pinned = tmp_path / "pinned.txt"
    audit = (sys.executable, ROOT / "scripts/vulnerabilities.py", pinned, "--osv-url")
    with Osv() as osv:
        pinned.write_text("planted==1.0\nsound==1.0\n")
        flawed = run(*audit, osv.url)
        pinned.write_text("sound==1.0\n")
        sound = run(*audit, osv.url)
    away = run(*audit, f"http://127.0.0.1:{free_port()}")
    assert flawed.returncode == 1, flawed.stderr
    assert "PYSEC-2026-1" in flawed.stdout
    assert sound.returncode == 0, sound.stderr
    assert away.returncode == 75
    assert away.stdout.startswith("skipped: http://127.0.0.1")

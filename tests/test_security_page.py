"""What the security page promises is proved by tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / ".github/SECURITY.md").read_text(encoding="utf-8")


def test_every_class_of_owasps_list_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| (API\d+) .+\| (.+) \|$", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [f"API{number}" for number in range(1, 11)]
    for name, cell in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", cell)
        assert len(named) >= 2, name
        assert len(named) == cell.count("`") / 2
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), (name, file, test)

"""A plugin of pytest that writes down which lines and branches of `app` this process reached: `-p tests.reached`.

SlipCover takes each probe out once it has fired. The tracer of coverage.py, before Python 3.12, stays in every line:
the same tests took twice the CPU. Programs that tests start are not measured.
"""

import json
import os
from pathlib import Path

import slipcover

ROOT = Path(__file__).parent.parent

_measured = slipcover.Slipcover(
    branch=True, source=[str(ROOT / "app")], exclude_also=["if __name__ == .__main__.:", r"\.\.\.$"]
)
slipcover.ImportManager(_measured, slipcover.FileMatcher(sources=[ROOT / "app"])).__enter__()


def pytest_sessionfinish() -> None:
    """Write it into the directory `SOTAY_TEST_REACHED`, one file a process: xdist's workers run the tests."""
    report = Path(os.environ["SOTAY_TEST_REACHED"], f"{os.getpid()}.json")
    report.write_text(json.dumps(_measured.get_coverage()))

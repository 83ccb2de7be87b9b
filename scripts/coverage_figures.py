"""Print line and branch coverage as a table and two figures, from a run's reports, and fail below the bars given."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import slipcover


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path, help="a directory with one report of SlipCover a process")
    parser.add_argument("--lines", type=float, default=0, metavar="PERCENT")
    parser.add_argument("--branches", type=float, default=0, metavar="PERCENT")
    arguments = parser.parse_args()
    first, *others = (json.loads(file.read_text()) for file in sorted(arguments.reports.glob("*.json")))
    merged: dict[str, Any] = first  # Any: JSON
    for other in others:
        slipcover.merge_coverage(merged, other)
    slipcover.print_coverage(merged, skip_covered=True, missing_width=60)
    status = 0
    for kind in ("lines", "branches"):
        bar: float = getattr(arguments, kind)
        hit = merged["summary"][f"covered_{kind}"]
        all_ = hit + merged["summary"][f"missing_{kind}"]
        percent = 100 * hit / all_ if all_ else 100.0
        verdict = "" if percent >= bar else f", below {bar:g} %"
        print(f"coverage of {kind}: {percent:.2f} % ({hit} of {all_}){verdict}")
        status |= bool(verdict)
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Print line and branch coverage as two figures, from `coverage json`, and fail below the bars given."""

import argparse
import json
import sys
from pathlib import Path

KINDS = {"lines": ("covered_lines", "num_statements"), "branches": ("covered_branches", "num_branches")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--lines", type=float, default=0, metavar="PERCENT")
    parser.add_argument("--branches", type=float, default=0, metavar="PERCENT")
    arguments = parser.parse_args()
    totals: dict[str, int] = json.loads(arguments.report.read_text())["totals"]
    status = 0
    for kind, (covered, of) in KINDS.items():
        bar: float = getattr(arguments, kind)
        hit, all_ = totals.get(covered, 0), totals.get(of, 0)  # no branches are counted when nothing ran
        percent = 100 * hit / all_ if all_ else 100.0
        verdict = "" if percent >= bar else f", below {bar:g} %"
        print(f"coverage of {kind}: {percent:.2f} % ({hit} of {all_}){verdict}")
        status |= bool(verdict)
    return status


if __name__ == "__main__":
    sys.exit(main())

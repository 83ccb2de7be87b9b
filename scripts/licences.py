"""The licences of what is shipped, by the metadata of each installed distribution; fails for one that is not allowed.

    python scripts/licences.py <requirements.txt> [--out licences.md] [--sbom sotay.cdx.json]

With `--sbom` each component of the CycloneDX file is told its licence too.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ALLOWED = {
    # They ask for their notice to be kept, which each installed distribution does itself.
    **dict.fromkeys(
        ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"), "notice"
    ),
    # Copyleft of their own files, which are shipped as they are published.
    "MPL-1.1": "file",
    "MPL-2.0": "file",
    # psycopg: imported, not changed, and replaced by installing another version beside it (LGPL 3, 4).
    "LGPL-3.0-only": "library",
}
"""SPDX names, and what each asks for. GPL and AGPL are not among them: they would ask for it of the whole service."""

STATED = {
    "pypdfium2": (
        "BSD-3-Clause AND Apache-2.0",
        "names its dependencies' licences beside: PDFium's are BSD and Apache",
    ),
    "pyphen": ("MPL-1.1", "a choice of GPL 2+, LGPL 2.1+ and MPL 1.1, by its LICENSE: taken under the MPL"),
    "pyreqwest": ("Apache-2.0", "no field, but the LICENSE file"),
}
"""Distributions whose metadata does not say it; looked up by hand."""

_NAMES = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the mit license (mit)": "MIT",
}
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


@dataclass(frozen=True, slots=True)
class Licensed:
    """A distribution, and its licence as an SPDX expression; what is not understood is left as it was written."""

    name: str
    version: str
    licence: str


def expression_of(found: Distribution, name: str) -> str:
    """Return what a distribution says of its licence: the expression, else the old fields, else nothing."""
    if name in STATED:
        return STATED[name][0]
    metadata = found.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classified = [
        line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or () if line.startswith("License :: ")
    ]
    written = metadata["License"].strip().partition("\n")[0] if "License" in metadata else ""
    said = [each for each in classified if each != "OSI Approved"] or ([written] if written else [])
    return " AND ".join(sorted({_NAMES.get(each.lower(), each) for each in said}))


def is_allowed(expression: str) -> bool:
    """Say whether an expression may be shipped: every licence of it, or one of several where there is only a choice."""
    if not expression:
        return False
    if " AND " in expression or "(" in expression:
        return all(name in ALLOWED for name in _SPDX.findall(expression) if name not in {"AND", "OR"})
    return any(name in ALLOWED for name in expression.split(" OR "))


def read(requirements: Path) -> Iterator[Licensed]:
    """Yield what is pinned and installed here; what is for other systems or interpreters is not."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            found = distribution(wanted.name)
        except PackageNotFoundError:
            raise SystemExit(f"{wanted.name} is pinned and not installed: run uv sync") from None
        yield Licensed(wanted.name, found.version, expression_of(found, wanted.name))


def table(shipped: list[Licensed]) -> str:
    """Return the list as Markdown."""
    rows = [f"| {each.name} | {each.version} | {each.licence} |" for each in shipped]
    stated = [f"- {name}: {licence}; {why}" for name, (licence, why) in sorted(STATED.items())]
    head = ["# Licences of what is shipped", "", "| package | version | licence |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", "Looked up by hand:", "", *stated, ""])


def complete(sbom: Path, shipped: list[Licensed]) -> None:
    """Write each component's licence into the CycloneDX file."""
    content = json.loads(sbom.read_text(encoding="utf-8"))
    licences = {each.name: each.licence for each in shipped}
    for component in content["components"]:
        if component["name"] in licences:
            component["licenses"] = [{"expression": licences[component["name"]]}]
    sbom.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    """Print what is not allowed and return 1, or say how many there are and return 0."""
    parser = argparse.ArgumentParser(description="licences of what is shipped")
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sbom", type=Path)
    options = parser.parse_args()
    shipped = sorted(read(options.requirements), key=lambda each: each.name)
    refused = [each for each in shipped if not is_allowed(each.licence)]
    for each in refused:
        print(f"{each.name} {each.version}: {each.licence or 'no licence is named'}: not among those of {__file__}")
    if options.out is not None:
        options.out.write_text(table(shipped), encoding="utf-8")
    if options.sbom is not None:
        complete(options.sbom, shipped)
    print(f"{len(shipped)} distributions, {len(refused)} not allowed")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

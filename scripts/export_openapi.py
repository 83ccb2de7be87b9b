"""Writes openapi/openapi.json from the routes, openapi/bruno from it, and the access table from the tests.

With --check, says if they are current.
"""

import json
import shutil
import sys
from pathlib import Path

from access_table import access_table
from app.main import build_app
from bruno import collection

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT, COLLECTION = "openapi/openapi.json", "openapi/bruno"
ACCESS = "app/kernel/access_table.json"
"""Beside the page that shows it: what is served is in the package."""


def made() -> dict[str, str]:
    """Return the text of every file by its path."""
    document = build_app().openapi()
    files = {f"{COLLECTION}/{path}": text for path, text in collection(document).items()}
    return {DOCUMENT: _json(document), ACCESS: _json(access_table(document)), **files}


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def present() -> dict[str, str]:
    """Return what is there now."""
    files = [ROOT / DOCUMENT, ROOT / ACCESS, *(ROOT / COLLECTION).rglob("*")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def main() -> int:
    """Write, or compare and name what differs."""
    files = made()
    if "--check" in sys.argv:
        there = present()
        stale = sorted(path for path in files.keys() | there.keys() if files.get(path) != there.get(path))
        if stale:
            print("Not current: run .venv/bin/python scripts/export_openapi.py")
            print(*stale, sep="\n")
        return 1 if stale else 0
    shutil.rmtree(ROOT / COLLECTION, ignore_errors=True)
    for path, text in files.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes openapi/openapi.json from the routes and openapi/bruno from it; with --check, says if they are current."""

import json
import shutil
import sys
from pathlib import Path

from app.main import build_app
from bruno import collection

FOLDER = Path(__file__).resolve().parents[1] / "openapi"
DOCUMENT, COLLECTION = "openapi.json", "bruno"


def made() -> dict[str, str]:
    """Return the text of every file by its path in openapi/."""
    document = build_app().openapi()
    files = {f"{COLLECTION}/{path}": text for path, text in collection(document).items()}
    return {DOCUMENT: json.dumps(document, ensure_ascii=False, indent=2) + "\n", **files}


def present() -> dict[str, str]:
    """Return what is there now."""
    files = [FOLDER / DOCUMENT, *(FOLDER / COLLECTION).rglob("*")]
    return {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def main() -> int:
    """Write, or compare and name what differs."""
    files = made()
    if "--check" in sys.argv:
        there = present()
        stale = sorted(path for path in files.keys() | there.keys() if files.get(path) != there.get(path))
        if stale:
            print("Not current: run .venv/bin/python scripts/export_openapi.py")
            print(*(f"openapi/{path}" for path in stale), sep="\n")
        return 1 if stale else 0
    shutil.rmtree(FOLDER / COLLECTION, ignore_errors=True)
    for path, text in files.items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

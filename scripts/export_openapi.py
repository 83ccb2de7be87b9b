"""Writes openapi/openapi.json from the routes; with --check, says whether it is current."""

import json
import sys
from pathlib import Path

from app.main import build_app

TARGET = Path(__file__).resolve().parents[1] / "openapi" / "openapi.json"


def document() -> str:
    """Return the document as it is checked in."""
    return json.dumps(build_app().openapi(), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    made = document()
    if "--check" not in sys.argv:
        TARGET.write_text(made, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == made:
        return 0
    print("openapi/openapi.json is not current: run .venv/bin/python scripts/export_openapi.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())

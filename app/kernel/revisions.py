"""Which revision of the database the code knows, told without Alembic, whose import costs a good part of a start."""

import re
from collections.abc import Sequence
from pathlib import Path

_VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def newest_revision() -> str:
    """Return the one revision that no other follows, as Alembic would."""
    texts = _texts()
    (newest,) = _names(texts, "revision") - _names(texts, "down_revision")
    return newest


def older_revisions() -> frozenset[str]:
    """Return all others: a database at one of them is not migrated yet; one at a revision nobody knows is ahead."""
    return frozenset(_names(_texts(), "down_revision"))


def _texts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in _VERSIONS.glob("*.py")]


def _names(texts: Sequence[str], variable: str) -> set[str]:
    lines = (line for text in texts for line in text.splitlines() if re.match(rf"{variable}\b", line))
    return {quoted for line in lines for quoted in re.findall(r'"(\w+)"', line)}

"""Names of organisations, found without typing accents: folded by the database, so that no column keeps them twice."""

import string
import unicodedata

from sqlalchemy import ColumnElement, SQLColumnExpression, func

_BLOCKS = (range(0x00C0, 0x0250), range(0x1E00, 0x1F00))
"""Latin letters with marks, as composed letters (NFC)."""


def _bare(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d"}.get(base, base).lower()


_FOLDS = {
    letter: bare
    for letter in (*string.ascii_uppercase, *(chr(code) for block in _BLOCKS for code in block))
    if (bare := _bare(letter)) != letter and bare in string.ascii_lowercase
}
_MARKED, _BARE = "".join(_FOLDS), "".join(_FOLDS.values())


def contains_name(name: SQLColumnExpression[str], part: str) -> ColumnElement[bool]:
    """Say of a name whether it holds a text, neither case nor accents nor đ being looked at."""
    wanted = " ".join(unicodedata.normalize("NFC", part).split())
    return func.strpos(func.translate(name, _MARKED, _BARE), func.translate(wanted, _MARKED, _BARE)) > 0

"""Names of organisations, found without typing accents: folded by the database, so that no column keeps them twice."""

import string
import unicodedata

from sqlalchemy import ColumnElement, SQLColumnExpression, func

_VOWELS, _TONES = "aăâeêioôơuưy", ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")


def _folds() -> dict[str, str]:
    """Return what each Vietnamese letter, as a composed one (NFC), is looked for as."""
    marked = {unicodedata.normalize("NFC", vowel + tone) for vowel in _VOWELS for tone in _TONES}
    folds = {letter: unicodedata.normalize("NFD", letter)[0] for letter in marked} | {"đ": "d"}
    folds |= {letter.upper(): bare for letter, bare in folds.items()}
    folds |= dict(zip(string.ascii_uppercase, string.ascii_lowercase, strict=True))
    return {letter: bare for letter, bare in folds.items() if letter != bare}


_FOLDS = _folds()
_MARKED, _BARE = "".join(_FOLDS), "".join(_FOLDS.values())


def contains_name(name: SQLColumnExpression[str], part: str) -> ColumnElement[bool]:
    """Say of a name whether it holds a text, neither case nor accents nor đ being looked at."""
    wanted = " ".join(unicodedata.normalize("NFC", part).split())
    return func.strpos(func.translate(name, _MARKED, _BARE), func.translate(wanted, _MARKED, _BARE)) > 0

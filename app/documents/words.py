"""Words as the search keeps and asks for them: lower case, NFC, nothing but letters and digits."""

import re
import unicodedata

MAX_WORD = 100
MAX_BYTES = 500_000
"""Of the distinct words of one file: half of what a tsvector holds, since a fold may lengthen some."""

_WORD = re.compile(r"[^\W_]+")
_D_BAR = str.maketrans({"ð": "đ"})
"""Many old fonts and keyboards give the Icelandic eth for the Vietnamese d with stroke."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order ("42-HD/BTCTW" → 42, hd, btctw), each of at most 100 letters."""
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower()).translate(_D_BAR)
    return [word[:MAX_WORD] for word in _WORD.findall(plain)]


def joined(text: str) -> str:
    """Return the words with one space between them, as `documents.title_words` holds them."""
    return " ".join(words_of(text))


def distinct(text: str) -> str:
    """Return the different words of a long text, the first ones where they are more than half a million bytes."""
    kept: list[str] = []
    size = 0
    for word in dict.fromkeys(words_of(text)):
        size += len(word.encode()) + 1
        if size > MAX_BYTES:
            break
        kept.append(word)
    return " ".join(kept)


def quoted(word: str) -> str:
    """Return a word as a tsquery takes it; a fold may have put an apostrophe into it ("ŉ" → 'n)."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"

"""Vietnamese names: how they are ordered, and how they are found without typing accents."""

import unicodedata

_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
"""The tone marks in dictionary order: huyền, hỏi, ngã, sắc, nặng; no mark (ngang) is 0."""

# `~` comes after every letter in ASCII, so `ă` (a~) follows all of `a…` and precedes `b`.
_LETTERS = {
    "a\u0306": "a~",
    "a\u0302": "a~~",
    "e\u0302": "e~",
    "o\u0302": "o~",
    "o\u031b": "o~~",
    "u\u031b": "u~",
}

_D_BAR = str.maketrans({"ð": "đ"})
"""Many old fonts and keyboards give the Icelandic eth for the Vietnamese d with stroke."""


def sort_key(full_name: str) -> str:
    """Return an ASCII-ordered key: the given (last) name first, then the family and middle names.

    Each word gives its letters, then its tones, so all of "Hà" stands before "Hạ", whatever the family
    name. Letters go a ă â b c d đ e ê … o ô ơ … u ư …, tones ngang, huyền, hỏi, ngã, sắc, nặng. Keys are
    compared byte by byte (PostgreSQL's `C` collation, Python's `sorted`); a name without letters gives "".
    """
    words = [word for word in (_word_key(part) for part in _folded(full_name).split()) if word]
    return " ".join(words[-1:] + words[:-1])


def search_key(text: str) -> str:
    """Return the text in lower case without accents and đ, single spaces between words ("Đỗ Ý" → "do y")."""
    letters = unicodedata.normalize("NFD", _folded(text).replace("đ", "d"))
    bare = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().translate(_D_BAR)


def _word_key(word: str) -> str:
    letters: list[str] = []
    tones: list[str] = []
    for letter in word:
        base, *marks = list(unicodedata.normalize("NFD", letter))
        if not base.isalnum():
            continue
        tones += [_TONES[mark] for mark in marks if mark in _TONES]
        shapes = [_LETTERS[base + mark] for mark in marks if base + mark in _LETTERS]
        letters.append("d~" if base == "đ" else shapes[0] if shapes else base)
    return f"{''.join(letters)} {''.join(tones) or '0'}" if letters else ""

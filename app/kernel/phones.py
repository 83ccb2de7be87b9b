"""Phone numbers: what people type, turned into the one form that is stored (ITU-T E.164)."""

import re

_LONGEST_INPUT = 40

# Spaces, dots, hyphens and brackets people write between groups, and the invisible direction marks
# that phones add when a number is copied out of a contact.
_SEPARATORS = re.compile(r"[\s.()\-\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")

# Numbering plan since 2018 (Circular 22/2014/TT-BTTTT): mobiles have nine digits after the zero and begin
# with 3, 5, 7, 8 or 9; fixed lines have ten and begin with 2. The eleven-digit 01x mobiles ended in 2018.
_VIETNAMESE = re.compile(r"[35789][0-9]{8}|2[0-9]{9}")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")


def parse_phone(text: str) -> str | None:
    """Return the number in E.164 (`+84912345678`), or None when the text is no phone number.

    A number without `+` or `00` is Vietnamese; its leading zero may be missing, as spreadsheets drop it.
    A foreign number needs `+` or `00` and is checked for its length only.
    """
    if len(text) > _LONGEST_INPUT:
        return None
    bare = _SEPARATORS.sub("", text)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    if bare.startswith("+") and not bare.startswith("+84"):
        return bare if _INTERNATIONAL.fullmatch(bare) else None
    # `84…` is the country code or the first digits of an 084 number that lost its zero: the length tells.
    candidates = [bare[3:]] if bare.startswith("+") else [bare]
    if bare.startswith("84"):
        candidates.append(bare[2:])
    for candidate in candidates:
        national = candidate.removeprefix("0")
        if _VIETNAMESE.fullmatch(national):
            return "+84" + national
    return None

"""Canonical JSON: one text, to the byte, for one value, so that its hash stays the same wherever it is made anew.

It is that of RFC 8785 (UTF-8, no spaces, keys in order, the shortest escapes), with two limits and one difference:

- Keys are put in order by code point. For names such as ours, which are ASCII, that is RFC 8785's order.
- Lone surrogates are no text, and refused.
- Whole numbers of up to 19 digits are written as they are. Every other number stands as a string of U+0000 and the
  digits that PostgreSQL writes for it: programs disagree on the digits of fractions, and no string in a `jsonb` can
  hold U+0000, so it is mistaken for nothing else. Our facts hold no such number.
"""

import json
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_LONGEST_WHOLE = 19


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _LONGEST_WHOLE else _verbatim(digits)


def _verbatim(digits: str) -> str:
    return "\0" + digits


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_verbatim)


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of what JSON can say, without floats (Any: JSON); raises ValueError for no text."""
    return _ENCODER.encode(value).encode()


def read_json(text: str) -> Any:
    """Read a `jsonb` as PostgreSQL writes it, into a value that `canonical` keeps apart from every other."""
    return _DECODER.decode(text)

"""Official codes: 14 digits in groups 2-3-3-3-3, `000` for a level that is absent (domain.md 3)."""

_ENDS = (2, 5, 8, 11, 14)


def prefix_of(code: str) -> str:
    """Return the digits that all codes below this one begin with: the groups up to the last that is present."""
    end = 0
    for start, stop in zip((0, *_ENDS), _ENDS, strict=False):
        if code[start:stop].strip("0"):
            end = stop
    return code[:end]


def stands_below(code: str, above: str) -> bool:
    """Say whether a code goes on from another one: it begins with its groups, and has a level more."""
    prefix = prefix_of(above)
    return code.startswith(prefix) and len(prefix_of(code)) > len(prefix)

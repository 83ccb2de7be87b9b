"""Which bytes of a file a request asks for (RFC 9110, 14)."""

import re

from app.documents.errors import RangeNotSatisfiable

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.ASCII)


def wanted_bytes(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None stands for the whole file.

    A header that is malformed or asks for several ranges is as if it were not there, which RFC 9110 allows. Raises
    RangeNotSatisfiable where the file has none of the bytes.
    """
    found = _ONE_RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        start, end = max(size - int(found[2]), 0), size
    else:
        start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, end

"""The text inside a file, read by a child process: parsers of foreign files may crash, hang or eat memory."""

import asyncio
import os
import sys
from pathlib import Path

from app.documents.contents import MediaType

MAX_SECONDS = 60.0
_CHILD = "app.documents.extraction"  # by name: what it imports is no business of this process
_ROOT = Path(__file__).resolve().parents[2]

WITH_TEXT = frozenset({MediaType.pdf, MediaType.docx, MediaType.xlsx})


async def read_text(content: bytes, media_type: MediaType, *, seconds: float = MAX_SECONDS) -> str | None:
    """Return up to 500,000 characters of the file's text, of a PDF up to 500 pages'.

    None where it cannot be read: damaged, behind a password, or more than `seconds` and 2 GiB suffice for.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _CHILD,
        media_type.value,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    try:
        async with asyncio.timeout(seconds):
            written, _ = await child.communicate(content)
    except TimeoutError:
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return written.decode() if child.returncode == 0 else None

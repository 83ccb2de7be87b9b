"""The child process that reads a file's text (`texts` starts it, with limits of its own).

`python -m app.documents.extraction <media type>` reads the file from standard input and writes its text to standard
output.
"""

import io
import resource
import sys
from collections.abc import Iterable, Iterator
from itertools import chain

import docx
import pypdfium2

from app.documents.contents import MediaType
from app.members.imports.sheets import read_grids

MAX_PAGES = 500
MAX_CHARACTERS = 500_000
_MAX_SECONDS = 60
_MAX_MEMORY = 2 * 1024**3


def extract(content: bytes, media_type: MediaType) -> str:
    """Return the text of a file; raises whatever its parser does."""
    pieces = {MediaType.pdf: _of_pdf, MediaType.docx: _of_docx, MediaType.xlsx: _of_xlsx}[media_type](content)
    return _first(pieces)


def _first(pieces: Iterable[str]) -> str:
    kept: list[str] = []
    left = MAX_CHARACTERS
    for piece in pieces:
        kept.append(piece[:left])
        left -= len(kept[-1]) + 1
        if left <= 0:
            break
    return "\n".join(kept)


def _of_pdf(content: bytes) -> Iterator[str]:
    with pypdfium2.PdfDocument(content) as document:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            yield page.get_textpage().get_text_bounded()
            page.close()


def _of_docx(content: bytes) -> Iterator[str]:
    document = docx.Document(io.BytesIO(content))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return chain((paragraph.text for paragraph in document.paragraphs), cells)


def _of_xlsx(content: bytes) -> Iterator[str]:
    for grid in read_grids(content, filename=None):
        for row in grid:
            yield " ".join(str(cell) for cell in row.cells)


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    text = extract(sys.stdin.buffer.read(), MediaType(sys.argv[1]))
    sys.stdout.buffer.write(text.encode(errors="replace"))


if __name__ == "__main__":
    _main()

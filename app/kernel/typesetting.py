"""Typesetting: a template and its values become a PDF, with letters of our own and nothing fetched from anywhere."""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from app.kernel.errors import Unavailable
from app.kernel.i18n import Text

MOST_WAITING = 4
_TYPE = Path(__file__).with_name("type")
_FACES = {
    "regular": ("SotaySerif-Regular.ttf", "normal", "normal"),
    "bold": ("SotaySerif-Bold.ttf", "bold", "normal"),
    "italic": ("SotaySerif-Italic.ttf", "normal", "italic"),
    "bold-italic": ("SotaySerif-BoldItalic.ttf", "bold", "italic"),
}
_FACE_RULES = "".join(
    f'@font-face {{ font-family: "Sotay Serif"; src: url(face:{name}); font-weight: {weight}; font-style: {style} }}\n'
    for name, (_, weight, style) in _FACES.items()
)


class TypesettingUnavailable(Unavailable):
    title = Text(
        vi="Máy chủ thiếu thư viện Pango nên chưa dựng được PDF; trên Debian: "
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        en="The server lacks Pango, so it cannot make PDFs; on Debian: "
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    )


class TypesettingBusy(Unavailable):
    title = Text(vi="Máy chủ đang dựng nhiều PDF, hãy thử lại sau", en="The server is making many PDFs; try again soon")


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF and the hex sha-256 of its bytes."""

    content: bytes
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> "Paper":
        """Return the paper of these bytes."""
        return cls(content=content, sha256=hashlib.sha256(content).hexdigest())


class Templates:
    """The HTML templates of a folder; every value put into them is escaped, and a missing one is an error."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self._folder = folder

    @cached_property
    def _environment(self) -> Any:
        """Jinja's; Any: imported with the first paper, like WeasyPrint below, since a start has no use for it."""
        jinja2 = import_module("jinja2")
        return jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def fill(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template's HTML; Any: whatever the template takes."""
        html: str = self._environment.get_template(name).render(values)
        return html


class Typesetter:
    """Makes PDFs in a thread, one at a time: WeasyPrint is Python, two at once would take twice as long each."""

    def __init__(self, *, library: str = "weasyprint", most_waiting: int = MOST_WAITING) -> None:
        """`most_waiting` callers wait for their turn, each holding its connection to the database; more are refused."""
        self._library = library
        self._most = most_waiting + 1
        self._count = 0
        self._turn = asyncio.Lock()

    async def typeset(self, html: str, *, made_at: datetime) -> Paper:
        """Return the PDF of an HTML document; the same document and instant give the same bytes.

        The title and language are the document's own; `made_at` stands in it as the date of its making.
        Raises TypesettingUnavailable where Pango is missing, TypesettingBusy where too many wait already.
        """
        if self._count >= self._most:
            raise TypesettingBusy(headers={"Retry-After": "5"})
        self._count += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(_make, self._library, html, made_at)
        finally:
            self._count -= 1


def _make(library: str, html: str, made_at: datetime) -> Paper:
    press = _press(library)
    stamp = f'<meta name="dcterms.created" content="{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">'
    return Paper.of(press(html.replace("<head>", f"<head>{stamp}", 1)))


@cache
def _press(library: str) -> Any:
    """Return what makes PDF bytes of HTML; Any: WeasyPrint publishes no types.

    It is imported with the first PDF: it takes a second and 50 MB, which a start of the service has no use for, and
    raises OSError on a machine without Pango, which must not end the rest of the service.
    """
    # Without HarfBuzz-Subset fontTools cuts the letters out, and would stamp them with the hour it is.
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    try:
        weasyprint = import_module(library)
    except OSError:
        raise TypesettingUnavailable from None
    fonts = import_module(f"{library}.text.fonts")
    urls = import_module(f"{library}.urls")

    class OwnFaces(urls.URLFetcher):  # type: ignore[misc, name-defined] # untyped library
        """Hands out the bundled faces; any other address, of the network or of a file, is refused."""

        def fetch(self, url: str, headers: object = None) -> Any:
            del headers
            scheme, _, name = url.partition(":")
            if scheme != "face" or name not in _FACES:
                message = "nothing is fetched"
                raise ValueError(message)
            return urls.URLFetcherResponse(url, (_TYPE / _FACES[name][0]).read_bytes())

    def press(html: str) -> bytes:
        configuration = fonts.FontConfiguration()
        own = OwnFaces()
        faces = weasyprint.CSS(string=_FACE_RULES, font_config=configuration, url_fetcher=own)
        document = weasyprint.HTML(string=html, url_fetcher=own, base_url=None)
        content: bytes = document.write_pdf(
            stylesheets=[faces],
            font_config=configuration,
            pdf_identifier=hashlib.sha256(html.encode()).hexdigest()[:32].encode(),
            pdf_tags=True,
        )
        return content

    return press


async def _typesetter(request: Request) -> Typesetter:
    typesetter: Typesetter = request.app.state.typesetter
    return typesetter


CurrentTypesetter = Annotated[Typesetter, Depends(_typesetter)]
"""The process's one typesetter."""

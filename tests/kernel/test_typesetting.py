"""PDFs: our own letters in them, nothing fetched, the same bytes for the same words, and a name for what is missing."""

import asyncio
import unicodedata
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from jinja2 import UndefinedError
from pypdfium2 import raw

from app.kernel import typesetting
from app.kernel.typesetting import MOST_WAITING, Templates, Typesetter, TypesettingBusy, TypesettingUnavailable

MADE_AT = datetime(2026, 12, 4, 14, 5, tzinfo=UTC)
VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậđeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"
LETTERS = VIETNAMESE + VIETNAMESE.upper() + "₫№–—“”‘’…•½≥≤×→°²"


def page(body: str, *, style: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang='vi'><head><title>Biên bản</title>"
        f"<style>body {{ font-family: 'Sotay Serif' }} {style}</style></head><body>{body}</body></html>"
    )


def test_every_face_has_every_vietnamese_letter_and_says_whose_it_is() -> None:
    folder = Path(typesetting.__file__).with_name("type")
    faces = sorted(folder.glob("*.ttf"))
    assert [face.stem for face in faces] == [
        "SotaySerif-Bold",
        "SotaySerif-BoldItalic",
        "SotaySerif-Italic",
        "SotaySerif-Regular",
    ]
    for face in faces:
        with TTFont(face) as font:
            known = font.getBestCmap()
            assert [letter for letter in LETTERS if ord(letter) not in known] == [], face.name
            # A cut font may not bear the reserved name (OFL 1.1, 3).
            assert font["name"].getDebugName(1) == "Sotay Serif"
            assert not any("Liberation" in str(font["name"].getDebugName(kind)) for kind in (1, 3, 4, 6))
    assert "Reserved Font Name Liberation" in (folder / "OFL.txt").read_text(encoding="utf-8")


async def test_text_comes_back_as_it_was_with_the_faces_inside() -> None:
    lines = [LETTERS[:70], LETTERS[70:140], LETTERS[140:]]
    body = "".join(
        f"<p>{line}</p><p><b>{line}</b></p><p><i>{line}</i></p><p><b><i>{line}</i></b></p>" for line in lines
    )
    paper = await Typesetter().typeset(page(body), made_at=MADE_AT)

    document = pypdfium2.PdfDocument(paper.content)
    read = document[0].get_textpage().get_text_range().split("\r\n")
    assert read == [unicodedata.normalize("NFC", line) for line in lines for _ in range(4)]
    metadata = document.get_metadata_dict()
    assert (metadata["Title"], metadata["CreationDate"]) == ("Biên bản", "D:20261204140500Z")
    assert raw.FPDFCatalog_IsTagged(document)
    faces = [raw.FPDFTextObj_GetFont(thing) for thing in document[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])]
    assert len(faces) >= 12
    assert all(raw.FPDFFont_GetIsEmbedded(face) == 1 for face in faces)
    document.close()


async def test_same_words_and_instant_give_the_same_bytes() -> None:
    first, other = Typesetter(), Typesetter()
    html = page("<p>Chi bộ thôn Đông</p>")
    one = await first.typeset(html, made_at=MADE_AT)
    assert one == await other.typeset(html, made_at=MADE_AT)
    assert one.sha256 != (await first.typeset(html + " ", made_at=MADE_AT.replace(minute=6))).sha256


async def test_no_address_is_ever_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Listening)
    thread = Thread(target=server.serve_forever)
    thread.start()
    secret = tmp_path / "secret.css"
    secret.write_text("p::before { content: 'SECRET' }", encoding="utf-8")
    here = f"http://127.0.0.1:{server.server_port}"
    body = (
        f"<img src='{here}/a.png'><link rel='stylesheet' href='file://{secret}'>"
        f"<object data='{here}/b.svg'></object><p style='background: url({here}/c.png)'>Chữ</p>"
        f"<a rel='attachment' href='file://{secret}'>Tệp</a><svg><image href='{here}/d.png'/></svg>"
    )
    style = f"@import url({here}/e.css); @font-face {{ font-family: Other; src: url({here}/f.ttf) }}"
    try:
        paper = await Typesetter().typeset(page(body, style=style), made_at=MADE_AT)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert asked == []
    document = pypdfium2.PdfDocument(paper.content)
    assert "SECRET" not in document[0].get_textpage().get_text_range()
    assert document.count_attachments() == 0
    document.close()


def test_values_are_escaped_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "one.html.jinja").write_text("<p>{{ title }}</p>", encoding="utf-8")
    templates = Templates(tmp_path)
    assert templates.fill("one.html.jinja", {"title": "<img src=x>&"}) == "<p>&lt;img src=x&gt;&amp;</p>"
    with pytest.raises(UndefinedError):
        templates.fill("one.html.jinja", {})


async def test_machine_without_pango_is_named() -> None:
    with pytest.raises(TypesettingUnavailable):
        await Typesetter(library="tests.kernel.no_pango").typeset(page(""), made_at=MADE_AT)


async def test_more_than_a_few_waiting_are_refused_at_once() -> None:
    typesetter = Typesetter()
    html = page("<p>Chi bộ</p>")
    answers = await asyncio.gather(
        *(typesetter.typeset(html, made_at=MADE_AT) for _ in range(MOST_WAITING + 3)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, TypesettingBusy)]
    assert len(refused) == 2
    assert all(error.headers == {"Retry-After": "5"} for error in refused)
    assert (await typesetter.typeset(html, made_at=MADE_AT)).content.startswith(b"%PDF")

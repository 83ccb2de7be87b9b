"""Files as people's programs write them, made with the libraries that do."""

import io
import zipfile
from collections.abc import Iterable

import docx
import weasyprint
import xlsxwriter  # type: ignore[import-untyped]  # it publishes no types
from PIL import Image

SENTENCE = "Nghị quyết của Đảng ủy xã Yên Mô về chuyển đổi số"

PNG_DOT = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)
"""The smallest picture there is, for whoever needs any file at all."""


def a_pdf(text: str = SENTENCE) -> bytes:
    made: bytes = weasyprint.HTML(string=f"<p>{text}</p>").write_pdf()
    return made


def a_docx(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs or (SENTENCE,):
        document.add_paragraph(paragraph)
    table = document.add_table(rows=1, cols=1)
    table.cell(0, 0).text = "Biểu tổng hợp"
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def an_xlsx(*cells: str) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        for row, cell in enumerate(cells or (SENTENCE,)):
            sheet.write(row, 0, cell)
    return made.getvalue()


def a_picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(made, format=kind)
    return made.getvalue()


def an_archive(entries: Iterable[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return made.getvalue()


def with_entries(office_file: bytes, *entries: tuple[str, bytes]) -> bytes:
    """The file with further entries in its archive; of a name it has already, the new one alone."""
    new = {name for name, _ in entries}
    with zipfile.ZipFile(io.BytesIO(office_file)) as archive:
        kept = [(name, archive.read(name)) for name in archive.namelist() if name not in new]
    return an_archive([*kept, *entries])

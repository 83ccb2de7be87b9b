"""What a file is, judged by its content: its kind, and whether it is safe to keep (reliability-security.md 16)."""

import io
import re
import unicodedata
import zipfile
import zlib
from enum import StrEnum

import puremagic

from app.documents.errors import (
    DocumentDamaged,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentKindNotTaken,
    DocumentTooLarge,
    DocumentUnpacksTooLarge,
    FileNameMisleading,
    FileNameNotAllowed,
)

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_ENTRIES = 1_000
MAX_FILE_NAME = 200


class MediaType(StrEnum):
    """The kinds of file the library takes (reliability-security.md 16)."""

    pdf = "application/pdf"
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    png = "image/png"
    jpeg = "image/jpeg"


EXTENSIONS = {
    MediaType.pdf: frozenset({"pdf"}),
    MediaType.docx: frozenset({"docx"}),
    MediaType.xlsx: frozenset({"xlsx"}),
    MediaType.png: frozenset({"png"}),
    MediaType.jpeg: frozenset({"jpg", "jpeg"}),
}
_BY_MAGIC = {kind.value: kind for kind in (MediaType.pdf, MediaType.png, MediaType.jpeg)}
_OOXML = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": MediaType.docx,
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": MediaType.xlsx,
}
_CONTENT_TYPES = "[Content_Types].xml"
_MAX_CONTENT_TYPES = 1024 * 1024
"""Bytes of this part, which is kept while it is read; of a thousand entries Office writes a tenth of that."""
_CONTENT_TYPE = re.compile(rb"""ContentType\s*=\s*["']([^"']{1,200})["']""")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_FLAG = 0x1
# What Office programs write. Other methods may ask for gigabytes to unpack, and fail in ways of their own.
_COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_PIECE = 256 * 1024
_PDF_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:<<|[0-9]{1,10}\s+[0-9]{1,5}\s+R)")
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"


def require_file_name(name: str) -> str:
    """Return a file's name in NFC; raises FileNameNotAllowed.

    A path, an invisible or control character is refused and never repaired: what a person sees must be what they get.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not name.strip(".") or len(name) > MAX_FILE_NAME or "/" in name or "\\" in name:
        raise FileNameNotAllowed
    if any(unicodedata.category(letter)[0] == "C" for letter in name):
        raise FileNameNotAllowed
    return name


def judge(content: bytes, *, file_name: str) -> MediaType:
    """Return the kind of a file. Work for a thread: an archive is unpacked, piece by piece, and forgotten.

    Raises DocumentEmpty, DocumentTooLarge, DocumentKindNotTaken, DocumentEncrypted, DocumentDamaged,
    DocumentUnpacksTooLarge, and FileNameMisleading where the name's extension says something else.
    """
    if not content:
        raise DocumentEmpty
    if len(content) > MAX_BYTES:
        raise DocumentTooLarge
    kind = _kind(content)
    if file_name.rpartition(".")[2].lower() not in EXTENSIONS[kind]:
        raise FileNameMisleading
    return kind


def _kind(content: bytes) -> MediaType:
    if content.startswith(_ZIP):
        return _archive_kind(content)
    if content.startswith(_OLE):
        # An encrypted DOCX or XLSX is an OLE file that holds this stream.
        raise DocumentEncrypted if "EncryptedPackage".encode("utf-16-le") in content else DocumentKindNotTaken
    try:
        kind = _BY_MAGIC.get(puremagic.from_string(content[:4096], mime=True))
    except (puremagic.PureError, ValueError):
        kind = None
    if kind is None:
        raise DocumentKindNotTaken
    if kind is MediaType.pdf:
        _require_open_pdf(content)
    ends = {MediaType.png: _PNG_END, MediaType.jpeg: _JPEG_END}
    if kind in ends and ends[kind] not in content:
        raise DocumentDamaged
    return kind


def _require_open_pdf(content: bytes) -> None:
    # Not by opening it: a PDF is opened by the job alone, in a process of its own.
    if _PDF_ENCRYPTED.search(content):
        raise DocumentEncrypted
    if b"startxref" not in content[-4096:]:
        raise DocumentDamaged


def _archive_kind(content: bytes) -> MediaType:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _ooxml_kind(archive)
    # What zipfile says of a damaged archive and of lengths that are not there.
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError, EOFError) as error:
        raise DocumentDamaged from error


def _ooxml_kind(archive: zipfile.ZipFile) -> MediaType:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise DocumentUnpacksTooLarge
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise DocumentEncrypted
    if any(entry.compress_type not in _COMPRESSIONS for entry in entries):
        raise DocumentKindNotTaken
    names = [entry.filename for entry in entries]
    if names.count(_CONTENT_TYPES) != 1 or archive.getinfo(_CONTENT_TYPES).file_size > _MAX_CONTENT_TYPES:
        raise DocumentKindNotTaken
    left = MAX_UNPACKED
    declared = b""
    for entry in entries:
        with archive.open(entry) as part:  # ends at the size the directory gives, or says that it was a lie
            while piece := part.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise DocumentUnpacksTooLarge
                if entry.filename == _CONTENT_TYPES:
                    declared += piece
    kinds = {_OOXML[found] for found in _CONTENT_TYPE.findall(declared) if found in _OOXML}
    if len(kinds) != 1 or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise DocumentKindNotTaken
    return kinds.pop()

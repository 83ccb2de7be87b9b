"""Uploading: every kind that is taken, everything that is refused, and by which name."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.settings import Settings
from tests.conftest import RolledBackDatabase
from tests.documents.asking import post_file, uploaded
from tests.factories.files import PNG_DOT, a_docx, a_pdf, a_picture, an_archive, an_xlsx, with_entries
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]

DOCX = a_docx()
MAIN = b'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"'


def stored(settings: Settings) -> list[str]:
    return [path.name for path in settings.documents_dir.iterdir()]


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (a_pdf(), "nghi-quyet.pdf", "application/pdf"),
        (DOCX, "Nghị quyết.DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (an_xlsx(), "bieu.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (a_picture("PNG"), "anh.png", "image/png"),
        (a_picture("JPEG"), "anh.jpg", "image/jpeg"),
        (a_picture("JPEG"), "anh.jpeg", "image/jpeg"),
    ],
    ids=["pdf", "docx", "xlsx", "png", "jpg", "jpeg"],
)
async def test_each_kind_is_taken_by_its_content(
    content: bytes, name: str, media_type: str, world: World, signed_in: SignedIn, settings: Settings
) -> None:
    document = await uploaded(signed_in(world.secretary), content, name)
    assert document["media_type"] == media_type
    assert document["sha256"] == hashlib.sha256(content).hexdigest()
    assert document["size_bytes"] == len(content)
    assert (document["title"], document["file_name"]) == (name, name)
    assert document["organisation_id"] == str(world.branch_a)
    (key,) = stored(settings)
    assert name not in key


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"title=a"),
        (None, PNG_DOT),
        ("image/png", b""),
    ],
)
async def test_what_is_no_form_is_refused_by_its_kind(
    kind: str | None, content: bytes, world: World, signed_in: SignedIn
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = await signed_in(world.secretary).post("/v1/documents", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "form_not_sent")


@pytest.mark.parametrize("key", [None, "01a20554-aa22-4cf5-97ba-64575c030d6e"])
@pytest.mark.parametrize(
    ("charset", "status"),
    [
        ("unicode_escape", 415),
        ('"Unicode_Escape"', 415),
        ("utf-7", 415),
        ("latin-1", 415),
        ("no-such-charset", 415),
        ("", 415),
        ("utf8", 201),
        ('"UTF-8"', 201),
    ],
)
async def test_a_form_in_another_charset_is_refused_as_none(
    charset: str, status: int, key: str | None, world: World, signed_in: SignedIn
) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="not_secret"\r\n\r\ntrue\r\n'
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n\\ud800\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG_DOT + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    headers |= {} if key is None else {"Idempotency-Key": key}
    answer = await signed_in(world.secretary).post("/v1/documents", content=body, headers=headers)
    assert (answer.status_code, answer.json().get("code")) == (status, "form_not_sent" if status == 415 else None)


async def test_a_form_that_was_left_out_is_asked_for_field_by_field(world: World, signed_in: SignedIn) -> None:
    answer = await signed_in(world.secretary).post("/v1/documents")
    assert (answer.status_code, answer.json()["code"]) == (422, "fields_not_valid")
    assert {field["pointer"] for field in answer.json()["errors"]} == {"/file", "/not_secret"}


def lying(content: bytes) -> bytes:
    """The archive with every unpacked size in its directory and headers cut to one byte."""
    made = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        biggest = max(archive.infolist(), key=lambda entry: entry.file_size)
    true_size = biggest.file_size.to_bytes(4, "little")
    assert made.count(true_size) >= 2
    return bytes(made.replace(true_size, (1).to_bytes(4, "little")))


def locked(content: bytes) -> bytes:
    """The archive with the flag of an encrypted entry on each of its entries."""
    made = bytearray(content)
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = made.find(signature)
        while at >= 0:
            made[at + offset] |= 1
            at = made.find(signature, at + 4)
    return bytes(made)


def recompressed(content: bytes, method: int) -> bytes:
    """The archive written with another method of compression."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w", method) as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
    return made.getvalue()


BOMB = with_entries(DOCX, ("word/media/zero.bin", b"\0" * (100 * 1024 * 1024)))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "rong.pdf", "document_empty"),
        (b"Nghi quyet", "nghi-quyet.txt", "document_kind_not_taken"),
        (b"<html><script>", "trang.html", "document_kind_not_taken"),
        (OLE, "cu.doc", "document_kind_not_taken"),
        (an_archive([("a.txt", b"a")]), "goi.zip", "document_kind_not_taken"),
        (
            with_entries(DOCX, ("[Content_Types].xml", MAIN.replace(b"document.main", b"slideshow.main"))),
            "chieu.docx",
            "document_kind_not_taken",
        ),
        (
            with_entries(
                DOCX,
                ("[Content_Types].xml", b'ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"'),
            ),
            "macro.docm",
            "document_kind_not_taken",
        ),
        (with_entries(DOCX, ("word/vbaProject.bin", b"macro")), "macro.docx", "document_kind_not_taken"),
        (PNG_DOT, "nghi-quyet.pdf", "file_name_misleading"),
        (DOCX, "bieu.xlsx", "file_name_misleading"),
        (PNG_DOT, "khong-duoi", "file_name_misleading"),
        # What says the kind is kept while it is read: of a hundred mebibytes that would take a quarter of a minute.
        (with_entries(DOCX, ("[Content_Types].xml", MAIN + b" " * 1024 * 1024)), "dai.docx", "document_kind_not_taken"),
        (BOMB, "bom.docx", "document_unpacks_too_large"),
        (
            with_entries(DOCX, *((f"word/{number}.xml", b"") for number in range(1_000))),
            "nhieu.docx",
            "document_unpacks_too_large",
        ),
        (lying(BOMB), "doi.docx", "document_damaged"),
        (recompressed(DOCX, zipfile.ZIP_LZMA), "lzma.docx", "document_kind_not_taken"),
        (DOCX[: len(DOCX) // 2], "nua.docx", "document_damaged"),
        (a_pdf()[:500], "nua.pdf", "document_damaged"),
        (a_picture("PNG")[:40], "nua.png", "document_damaged"),
        (a_picture("JPEG")[:-40], "nua.jpg", "document_damaged"),
        (locked(DOCX), "khoa.docx", "document_encrypted"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "khoa.docx", "document_encrypted"),
        (a_pdf().replace(b"/Root", b"/Encrypt 9 0 R /Root"), "khoa.pdf", "document_encrypted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_not_taken_is_refused_by_name_and_not_kept(
    content: bytes, name: str, code: str, world: World, signed_in: SignedIn, settings: Settings
) -> None:
    answer = await post_file(signed_in(world.secretary), content, name)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert stored(settings) == []


async def test_store_that_takes_nothing_is_503_and_leaves_no_document(
    world: World, signed_in: SignedIn, settings: Settings
) -> None:
    client = signed_in(world.secretary)
    settings.documents_dir.rmdir()
    settings.documents_dir.touch()
    answer = await post_file(client)
    assert (answer.status_code, answer.json()["code"]) == (503, "document_content_unavailable")
    assert answer.headers["Retry-After"] == "60"
    assert (await client.get("/v1/documents")).json()["items"] == []


@pytest.mark.parametrize(
    "name",
    ["../nghi-quyet.png", "..\\anh.png", "thu-muc/anh.png", "a\0.png", "a\u202egnp.png", ".", " ", "a" * 197 + ".png"],
)
async def test_name_that_is_a_path_or_invisible_or_too_long_is_refused(
    name: str, world: World, signed_in: SignedIn
) -> None:
    # By hand: a client library would escape what an attacker sends as it is.
    body = (
        b'--x\r\nContent-Disposition: form-data; name="not_secret"\r\n\r\ntrue\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n\r\n'
    )
    answer = await signed_in(world.secretary).post(
        "/v1/documents",
        content=body + PNG_DOT + b"\r\n--x--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "file_name_not_allowed")


async def test_more_than_20_mib_is_413_by_its_length_and_when_streamed(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    answer = await post_file(client, PNG_DOT + b"\0" * (20 * 1024 * 1024), "to.png")
    assert (answer.status_code, answer.json()["code"]) == (413, "document_too_large")

    async def chunks() -> AsyncIterator[bytes]:
        yield (
            b'--x\r\nContent-Disposition: form-data; name="not_secret"\r\n\r\ntrue\r\n'
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="to.png"\r\n\r\n'
        )
        for _ in range(22):
            yield b"\0" * (1024 * 1024)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await client.post("/v1/documents", content=chunks(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_file_of_just_20_mib_is_taken(world: World, signed_in: SignedIn) -> None:
    whole = PNG_DOT + b"\0" * (20 * 1024 * 1024 - len(PNG_DOT))
    assert (await uploaded(signed_in(world.secretary), whole))["size_bytes"] == 20 * 1024 * 1024


async def test_uploader_must_declare_that_it_is_no_secret(world: World, signed_in: SignedIn) -> None:
    answer = await post_file(signed_in(world.secretary), not_secret="false")
    assert (answer.status_code, answer.json()["code"]) == (422, "secrecy_not_excluded")


async def test_texts_of_the_form_are_cleaned_as_json_is(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.secretary)
    document = await uploaded(client, title=" Nghi\u0323 quye\u0302\u0301t ", folder="Nghị quyết")
    assert (document["title"], document["folder"]) == ("Nghị quyết", "Nghị quyết")
    for title, code in (("a\0b", "control_character"), ("a" * 201, "string_too_long"), (" ", "string_too_short")):
        answer = await post_file(client, title=title)
        assert answer.status_code == 422
        assert [(field["pointer"], field["code"]) for field in answer.json()["errors"]] == [("/title", code)]


async def test_id_of_the_clients_own_is_taken_once(world: World, signed_in: SignedIn, settings: Settings) -> None:
    client, identifier = signed_in(world.secretary), str(uuid4())
    assert (await uploaded(client, id=identifier))["id"] == identifier
    answer = await post_file(client, id=identifier)
    assert (answer.status_code, answer.json()["code"]) == (409, "document_already_exists")
    assert len(stored(settings)) == 1


@pytest.mark.parametrize(
    ("role", "form", "status"),
    [
        ("secretary", {}, 201),
        ("minute_taker", {"visibility": "committee"}, 201),
        ("member", {"visibility": "owner"}, 201),
        ("member", {}, 403),
        ("member", {"visibility": "committee"}, 403),
        ("officer", {"organisation_id": "commune"}, 201),
        ("officer", {"organisation_id": "branch_a"}, 403),
        ("officer", {"organisation_id": "commune", "visibility": "owner"}, 403),
        ("secretary", {"organisation_id": "commune"}, 403),
        ("secretary", {"organisation_id": "branch_b"}, 404),
        ("administrator", {"organisation_id": "branch_a"}, 403),
    ],
)
async def test_who_uploads_where(
    role: str, form: dict[str, str], status: int, world: World, signed_in: SignedIn
) -> None:
    given = {name: str(getattr(world, value, value)) for name, value in form.items()}
    answer = await post_file(signed_in(getattr(world, role)), PNG_DOT, "anh.png", **given)
    assert answer.status_code == status


async def test_upload_is_a_fact_of_the_organisation_or_of_its_owner(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    shared = await uploaded(signed_in(world.secretary))
    own = await uploaded(signed_in(world.member), visibility="owner")
    async with database.session() as session:
        changes = await session.execute(text("SELECT object_id, scope_id FROM changes WHERE object_type = 'document'"))
        scopes = {str(row.object_id): row.scope_id for row in changes}
        codes = (await session.scalars(text("SELECT code FROM events WHERE subject_type = 'document'"))).all()
    assert scopes == {
        shared["id"]: world.branch_a,
        own["id"]: world.member.member_id,
    }
    assert codes == ["documents.uploaded", "documents.uploaded"]


@pytest.mark.parametrize("token", [None, "x.y.z"])
async def test_who_is_not_signed_in_uploads_nothing(token: str | None, world: World, client: AsyncClient) -> None:
    taken: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="to.png"\r\n\r\n'
        for number in range(19):
            taken.append(number)
            yield b"\0" * (1024 * 1024)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
    for path in ("/v1/documents", f"/v1/organisations/{world.branch_a}/member-imports"):
        answer = await client.post(path, content=chunks(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert taken == []

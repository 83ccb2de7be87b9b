"""Bodies are read strictly, and whatever they hold the answer is a clear 4xx."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.bodies import parse_json
from app.kernel.errors import AppError
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
LOGIN = "/v1/auth/login"
JSON = {"Content-Type": "application/json"}


def login(**changed: object) -> dict[str, object]:
    return {
        "phone": "0900000001",
        "password": "con trâu đi trước",
        "installation": {"installation_id": str(uuid4()), "platform": "android", "device_name": "Samsung"},
        **changed,
    }


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


async def post(client: AsyncClient, body: bytes) -> Response:
    return await client.post(LOGIN, content=body, headers=JSON)


def code_of(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    code: str = answer.json()["code"]
    return answer.status_code, code


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"phone": NaN}',
        b'{"phone": Infinity}',
        b'{"phone": -Infinity}',
        b'{"phone": 1e999}',
        b"{'phone': '1'}",
        b'{"phone": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"phone": "\\udc00\\ud800"}',
        b'{"phone": "\xed\xa0\x80"}',
        b'{"phone": "\xff"}',
        b'{"phone": 01}',
        b"{} {}",
        b" ",
        b'{"phone": 9223372036854775808}',
        b'{"phone": -9223372036854775809}',
        b'{"phone": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_is_no_json_is_400(body: bytes, client: AsyncClient) -> None:
    assert code_of(await post(client, body)) == (400, "body_not_json")


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true", b""])
async def test_json_that_is_no_object_is_422(body: bytes, client: AsyncClient) -> None:
    assert code_of(await post(client, body)) == (422, "fields_not_valid")


async def test_a_body_that_was_left_out_is_asked_for_field_by_field(client: AsyncClient) -> None:
    answer = await post(client, b"")
    assert [field["pointer"] for field in answer.json()["errors"]] == ["/phone", "/password", "/installation"]


async def test_json_that_is_no_object_is_told_to_be_one(client: AsyncClient) -> None:
    (field,) = (await post(client, b"[]")).json()["errors"]
    assert (field["pointer"], field["detail"]) == ("", "Phải là một đối tượng JSON")


async def test_64_kib_are_read_and_one_byte_more_is_413(client: AsyncClient) -> None:
    body = json.dumps(login(), ensure_ascii=False).encode()
    full = body + b" " * (64 * 1024 - len(body))

    assert (await post(client, full)).status_code == 401
    assert code_of(await post(client, full + b" ")) == (413, "body_too_large")


async def test_a_body_without_a_length_is_cut_off_too(client: AsyncClient) -> None:
    async def chunks() -> Any:  # Any: an async generator of bytes
        for _ in range(70):
            yield b" " * 1024

    answer = await client.post(LOGIN, content=chunks(), headers=JSON)

    assert code_of(answer) == (413, "body_too_large")


@pytest.mark.parametrize("value", [nested(17), nested(500), {"a": nested(16)}])
async def test_seventeen_levels_are_too_deep(value: object, client: AsyncClient) -> None:
    assert code_of(await post(client, json.dumps(value).encode())) == (400, "body_too_deep")


def test_sixteen_levels_are_read() -> None:
    assert parse_json(json.dumps(nested(16)).encode()) == nested(16)


def test_seventeen_empty_levels_are_too_deep() -> None:
    with pytest.raises(AppError) as refused:
        parse_json(b"[" * 17 + b"]" * 17)
    assert refused.value.code == "body_too_deep"


@pytest.mark.parametrize("bracket", [b"[", b'{"a":', b"[{"])
async def test_brackets_without_end_are_refused_and_not_500(bracket: bytes, client: AsyncClient) -> None:
    # As many as fit: a hundred thousand would be refused for their size.
    deep = bracket * (60_000 // len(bracket))
    assert (await post(client, deep)).status_code == 400
    assert code_of(await post(client, b"[" * 100_000)) == (413, "body_too_large")
    with pytest.raises(AppError):
        parse_json(b"[" * 100_000)


@pytest.mark.parametrize("char", ["\x00", "\x01", "\x08", "\x0b", "\x1b", "\x1f", "\x7f", "\x85", "\x9f"])
async def test_control_characters_are_refused_by_the_name_of_their_field(char: str, client: AsyncClient) -> None:
    body = login()
    body["installation"] = {"installation_id": str(uuid4()), "platform": "ios", "device_name": f"Máy{char}Cường"}

    answer = await post(client, json.dumps(body).encode())

    assert code_of(answer) == (422, "text_not_allowed")
    errors = answer.json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("/installation/device_name", "control_character")
    ]


def test_pointers_escape_what_rfc_6901_says_and_count_in_lists() -> None:
    with pytest.raises(AppError) as refused:
        parse_json(b'{"a/b~c": [1, {"d": "\\u0000"}]}')

    assert [field.pointer for field in refused.value.fields] == ["/a~1b~0c/1/d"]


def test_a_control_character_in_a_name_is_refused_at_its_object() -> None:
    with pytest.raises(AppError) as refused:
        parse_json(b'{"a": {"b\\u0000": 1}}')

    assert [field.pointer for field in refused.value.fields] == ["/a"]


def test_line_ends_and_tabs_are_text() -> None:
    assert parse_json(b'"a\\r\\n\\tb"') == "a\r\n\tb"


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    assert parse_json(b'{"a": 1, "a": 2}') == {"a": 2}


@settings(max_examples=40)
@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_json_holds_is_read_in_nfc_or_refused_by_name(value: object) -> None:
    try:
        read = parse_json(json.dumps(value).encode())
    except AppError as refused:
        assert 400 <= refused.status < 500  # noqa: PT017 it may also be read
    else:
        text = json.dumps(read, ensure_ascii=False)
        assert unicodedata.is_normalized("NFC", text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(raw: bytes) -> None:
    try:
        parse_json(raw)
    except AppError as refused:
        assert refused.status in {400, 422}  # noqa: PT017 it may also be read


async def test_decomposed_vietnamese_is_stored_composed(world: World, signed_in: SignedIn) -> None:
    composed = "Sinh hoạt thường kỳ: Nghị quyết Ế Ợ ữ"
    body = {
        "title": unicodedata.normalize("NFD", composed),
        "starts_at": "2026-12-04T12:30:00Z",
        "place": unicodedata.normalize("NFD", "Nhà văn hóa"),
    }
    assert body["title"] != composed

    made = await signed_in(world.secretary).post(f"/v1/organisations/{world.branch_a}/meetings", json=body)

    assert made.status_code == 201, made.text
    assert (made.json()["title"], made.json()["place"]) == (composed, "Nhà văn hóa")
    assert composed in made.text  # as UTF-8, not as escapes


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"]
)
@pytest.mark.parametrize("body", [b'{"phone": "1"}', b"phone=1&password=2"])
async def test_another_kind_of_content_is_415(content_type: str, body: bytes, client: AsyncClient) -> None:
    answer = await client.post(LOGIN, content=body, headers={"Content-Type": content_type})

    assert code_of(answer) == (415, "media_type_not_supported")


async def test_a_body_without_a_content_type_is_415(client: AsyncClient) -> None:
    answer = await client.post(LOGIN, content=b'{"phone": "1"}')

    assert code_of(answer) == (415, "media_type_not_supported")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_by_its_other_spellings_is_read(content_type: str, client: AsyncClient) -> None:
    answer = await client.post(LOGIN, content=json.dumps(login()).encode(), headers={"Content-Type": content_type})

    assert code_of(answer) == (401, "credentials_refused")


async def test_unknown_fields_are_named_wherever_they_are(client: AsyncClient) -> None:
    body = login(colour="red")
    body["installation"] = {**dict(login()["installation"]), "imei": "1"}  # type: ignore[call-overload]

    answer = await client.post(LOGIN, json=body)

    assert code_of(answer) == (422, "fields_not_valid")
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/colour", "extra_forbidden"),
        ("/installation/imei", "extra_forbidden"),
    }


async def test_null_counts_as_not_sent(client: AsyncClient) -> None:
    optional = login()
    optional["installation"] = {"installation_id": str(uuid4()), "platform": "web", "device_name": None}
    assert code_of(await client.post(LOGIN, json=optional)) == (401, "credentials_refused")

    required = await client.post(LOGIN, json=login(phone=None))
    assert [(error["pointer"], error["code"]) for error in required.json()["errors"]] == [("/phone", "missing")]

    unknown = await client.post(LOGIN, json=login(colour=None))
    assert [error["code"] for error in unknown.json()["errors"]] == ["extra_forbidden"]

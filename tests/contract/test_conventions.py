"""What holds for every operation alike (api.md, conventions), asked of each one in the document."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from starlette.routing import Mount

from app.main import build_app
from tests.contract.roles import Row, Things
from tests.contract.test_access import TABLE, identify
from tests.factories.world import Person, World

PROBLEM = "application/problem+json"
SignedIn = Callable[[Person], AsyncClient]


class Asked:
    """An operation of the document: where it is, what it takes, and the first row of the access table for it."""

    def __init__(self, path: str, method: str, operation: Mapping[str, Any]) -> None:  # Any: JSON
        self.name: str = operation["operationId"]
        self.path = path
        self.method = method.upper()
        self.headers = {parameter["name"] for parameter in operation.get("parameters", ())}
        self.has_json = "application/json" in operation.get("requestBody", {}).get("content", {})
        self.needs_sign_in = bool(operation["security"])
        self.row: Row = next(row for row in TABLE if row.operation == self.name)

    def __repr__(self) -> str:
        return self.name


def _read() -> tuple[Asked, ...]:
    app = build_app()
    return tuple(
        Asked(path, method, operation)
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    )


OPERATIONS = _read()
WITH_BODY = tuple(asked for asked in OPERATIONS if asked.has_json)
# A file's ETag is the digest of its bytes, the same for all who may read it (api.md 11).
FILES = frozenset({"getDocumentContent", "getMinutesPdf", "getResolutionPdf", "fetchCalendar"})
TAGGED = tuple(asked for asked in OPERATIONS if "If-None-Match" in asked.headers and repr(asked) not in FILES)
CHANGES = tuple(asked for asked in OPERATIONS if "If-Match" in asked.headers)
UNREADABLE = (
    (b"{", "body_not_json"),
    (b'{"a": NaN}', "body_not_json"),
    (b'{"a": "\\ud800"}', "body_not_json"),
    (b'{"a": 99999999999999999999}', "body_not_json"),
    (b"[" * 20 + b"]" * 20, "body_too_deep"),
    (b"\xff\xfe", "body_not_json"),
)
LANGUAGES = (
    ("en", "en", "The session is not valid or has expired"),
    ("vi-VN,vi;q=0.9", "vi", "Phiên đăng nhập không hợp lệ hoặc đã hết hạn"),
    ("fr", "vi", "Phiên đăng nhập không hợp lệ hoặc đã hết hạn"),
)
SIGNED_IN = tuple(asked for asked in OPERATIONS if asked.needs_sign_in)
# Catching up has pages of its own: always a next cursor, and up to 200 objects (api.md, "Catching up").
LISTS = tuple(asked for asked in OPERATIONS if "cursor" in asked.headers and repr(asked) != "getChanges")


@pytest.fixture
def ask(world: World, things: Things, signed_in: SignedIn) -> "Ask":
    return Ask(world, things, signed_in)


class Ask:
    """Asks an operation the way its row of the access table does, as the first of these who may."""

    def __init__(self, world: World, things: Things, signed_in: SignedIn) -> None:
        self.world = world
        self.things = things
        self._signed_in = signed_in

    async def __call__(
        self,
        asked: Asked,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,  # Any: JSON
        content: bytes | None = None,
        without: str = "",
    ) -> Response:
        roles = ("secretary", "administrator", "member")
        role = next((role for role in roles if asked.row.expected[role] == "ok"), "secretary")
        person: Person = getattr(self.world, role)
        places = {name: identify(thing, self.things, person) for name, thing in asked.row.path.items()}
        body = {name: identify(value, self.things, person) for name, value in (asked.row.body or {}).items()}
        sent = {"content": content} if content is not None else {"json": {**body, **(more or {})}}
        return await self._signed_in(person).request(
            asked.method,
            asked.path.format(**places),
            headers={name: text for name, text in {**asked.row.headers, **(headers or {})}.items() if name != without},
            **(sent if asked.has_json else {}),
        )


@pytest.mark.parametrize("asked", WITH_BODY, ids=repr)
async def test_unknown_field_is_refused_by_its_pointer(asked: Asked, ask: Ask) -> None:
    answer = await ask(asked, more={"khong_co_truong_nay": 1})
    assert answer.status_code == 422
    assert {"/khong_co_truong_nay": "extra_forbidden"}.items() <= {
        field["pointer"]: field["code"] for field in answer.json()["errors"]
    }.items()


@pytest.mark.parametrize("asked", WITH_BODY, ids=repr)
async def test_body_that_cannot_be_read_is_named(asked: Asked, ask: Ask) -> None:
    for content, code in UNREADABLE:
        answer = await ask(asked, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, code), content


@pytest.mark.parametrize("asked", WITH_BODY, ids=repr)
async def test_control_character_is_refused_by_its_pointer(asked: Asked, ask: Ask) -> None:
    answer = await ask(asked, more={"title": "a\x00b"})
    assert (answer.status_code, answer.json()["code"]) == (422, "text_not_allowed")
    assert answer.json()["errors"][0]["pointer"] == "/title"


@pytest.mark.parametrize("asked", WITH_BODY, ids=repr)
async def test_body_of_more_than_64_kib_is_refused(asked: Asked, ask: Ask) -> None:
    answer = await ask(asked, content=b'{"a": "' + b"a" * 65_536 + b'"}', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("asked", SIGNED_IN, ids=repr)
async def test_problem_speaks_the_readers_language(asked: Asked, client: AsyncClient) -> None:
    names = re.findall(r"\{([a-z_]+)\}", asked.path)
    path = asked.path.format(**dict.fromkeys(names, "01a20554-aa22-7cf5-97ba-64575c030d6e"))
    for wish, language, title in LANGUAGES:
        answer = await client.request(asked.method, path, headers={"Accept-Language": wish})
        problem = answer.json()
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
        assert answer.headers["Content-Language"] == language
        assert "Accept-Language" in answer.headers["Vary"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert (problem["title"], problem["status"], problem["code"]) == (title, 401, "token_invalid")
        assert problem["type"] == "/problems/token_invalid"
        assert problem["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("asked", OPERATIONS, ids=repr)
async def test_request_id_is_echoed_and_members_data_stays_private(asked: Asked, ask: Ask) -> None:
    answer = await ask(asked, headers={"X-Request-Id": "dien-thoai:42"})
    assert answer.headers["X-Request-Id"] == "dien-thoai:42"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "dấu"])
async def test_malformed_request_id_is_replaced(client: AsyncClient, given: str) -> None:
    answer = await client.get("/healthz", headers={b"X-Request-Id": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize("asked", TAGGED, ids=repr)
async def test_read_again_with_its_etag_is_304_without_a_body(asked: Asked, ask: Ask) -> None:
    first = await ask(asked)
    again = await ask(asked, headers={"If-None-Match": f'"0-other", {first.headers["ETag"]}'})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("asked", TAGGED, ids=repr)
async def test_two_readers_have_two_etags(asked: Asked, ask: Ask, world: World, signed_in: SignedIn) -> None:
    first = await ask(asked)
    other = await signed_in(world.minute_taker).get(first.request.url.path)
    assert other.headers.get("ETag") != first.headers["ETag"]


@pytest.mark.parametrize("asked", LISTS, ids=repr)
async def test_list_comes_in_pages_of_an_envelope(asked: Asked, ask: Ask) -> None:
    answer = await ask(asked)
    assert set(answer.json()) == {"items", "next_cursor"}
    assert isinstance(answer.json()["items"], list)


@pytest.mark.parametrize("asked", LISTS, ids=repr)
async def test_cursor_never_given_is_refused_by_name(asked: Asked, ask: Ask, world: World, signed_in: SignedIn) -> None:
    path = (await ask(asked)).request.url.path
    for cursor in ("0", "!!!", "W10", "WyJhIiwgImIiXQ", "WyIiLG51bGxd", "a" * 500):
        answer = await signed_in(world.secretary).get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid"), cursor


@pytest.mark.parametrize("asked", LISTS, ids=repr)
async def test_limit_out_of_range_is_refused(asked: Asked, ask: Ask, world: World, signed_in: SignedIn) -> None:
    path = (await ask(asked)).request.url.path
    for limit in ("0", "101", "-1", "99999999999999999999", "x"):
        answer = await signed_in(world.secretary).get(path, params={"limit": limit})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query/limit"), limit


@pytest.mark.parametrize("asked", CHANGES, ids=repr)
async def test_change_that_names_no_version_is_428(asked: Asked, ask: Ask) -> None:
    answer = await ask(asked, without="If-Match")
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_missing")


@pytest.mark.parametrize("asked", CHANGES, ids=repr)
async def test_change_of_a_version_not_seen_is_412_with_the_current_one(asked: Asked, ask: Ask) -> None:
    for stale in ('"7-0"', '"999999999-0"', "*", "never given", ""):
        answer = await ask(asked, headers={"If-Match": stale})
        assert (answer.status_code, answer.json()["code"]) == (412, "version_changed"), stale
        assert answer.json()["current_version"] == 1


@pytest.mark.parametrize("asked", OPERATIONS, ids=repr)
async def test_method_not_taken_is_405_with_those_that_are(asked: Asked, ask: Ask, client: AsyncClient) -> None:
    path = (await ask(asked)).request.url.path
    answer = await client.request("TRACE", path)
    documented = {other.method for other in OPERATIONS if other.path == asked.path}
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == documented


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/me/", "/v1/nothing", "/nothing", "/v1/meetings/%00/x/y"])
async def test_address_that_is_none_is_a_problem(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")


async def test_docs_name_only_what_this_server_serves(app: FastAPI, client: AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    named = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(named) >= 4
    for address in named:
        answer = await client.get(address)
        assert answer.status_code == 200, address
    assert not re.search(r"""["'(](?:https?:)?//""", page.text)
    assert any(isinstance(route, Mount) and route.path == "/docs/assets" for route in app.routes)

"""Every error is problem+json, in the reader's language, with nothing of the inside in it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from structlog.testing import capture_logs

from app import api
from app.kernel import errors
from app.kernel.db import Database, DbSession, PooledDatabase
from app.kernel.errors import AppError
from app.kernel.i18n import Text
from app.kernel.passwords import Passwords
from app.kernel.problems import InternalError
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.factories.clock import FakeClock

assert api.ROUTERS  # every feature's errors are loaded
SECRET = "+84900000001"


def tree(kind: type[AppError] = AppError) -> Iterator[type[AppError]]:
    for child in kind.__subclasses__():
        yield child
        yield from tree(child)


def test_every_refusal_has_both_titles_and_a_status() -> None:
    for kind in tree():
        assert isinstance(kind.title, Text), kind
        assert kind.title.vi.strip(), kind
        assert kind.title.en.strip(), kind
        assert kind.title.vi != kind.title.en, kind
        assert "{" not in kind.title.vi + kind.title.en, kind
        assert 400 <= kind.status < 600, kind
        assert not kind.title.vi.endswith("."), kind


def test_every_refusal_that_is_raised_has_a_title_of_its_own() -> None:
    general = {kind for kind in AppError.__subclasses__() if kind.__module__ == errors.__name__}
    borrowed = [kind for kind in tree() if kind not in general and "title" not in vars(kind)]

    assert borrowed == []


def test_codes_are_unique_and_snake_case() -> None:
    codes = [kind.code for kind in tree()]

    assert sorted(set(codes)) == sorted(codes)
    assert all(code.replace("_", "").isalpha() and code == code.lower() for code in codes)


def test_only_the_servers_own_failure_is_500() -> None:
    assert [kind for kind in tree() if kind.status == 500] == [InternalError]


@pytest.fixture
def faulty(database: Database, settings: Settings, keys: TokenKeys, passwords: Passwords) -> FastAPI:
    """The app with routes that fail in every way."""
    faulty = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=keys))

    async def boom() -> None:
        raise RuntimeError(f"the number is {SECRET}")

    async def wrong_answer() -> dict[str, int]:
        return SECRET  # type: ignore[return-value]

    async def slow(session: DbSession) -> None:
        await session.execute(text("SET LOCAL statement_timeout = 50"))
        await session.execute(text("SELECT pg_sleep(5)"))

    async def broken(session: DbSession) -> None:
        await session.execute(
            text(
                "INSERT INTO accounts (id, member_id, password_hash, created_at)"
                " VALUES (gen_random_uuid(), gen_random_uuid(), :secret, now())"
            ),
            {"secret": SECRET},
        )

    for route in (boom, wrong_answer, slow, broken):
        faulty.add_api_route(f"/test/{route.__name__}", route)
    return faulty


@pytest.fixture
async def caller(faulty: FastAPI) -> AsyncIterator[AsyncClient]:
    # Exceptions that leave the app fail the test: all must have become answers.
    async with AsyncClient(transport=ASGITransport(faulty), base_url="http://sotay.test") as caller:
        yield caller


@pytest.mark.parametrize("route", ["boom", "wrong_answer", "broken"])
async def test_an_unexpected_failure_is_500_and_says_nothing(route: str, caller: AsyncClient) -> None:
    with capture_logs() as lines:
        answer = await caller.get(f"/test/{route}", headers={"X-Request-Id": "abc-1"})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json() == {
        "type": "/problems/internal_error",
        "title": "Lỗi của máy chủ; đã được ghi lại",
        "status": 500,
        "code": "internal_error",
        "detail": None,
        "request_id": "abc-1",
        "errors": [],
        "current_version": None,
        "minimum_version": None,
    }
    failed, request = lines
    assert (failed["event"], failed["log_level"]) == ("unexpected_error", "error")
    assert "test_problems.py" in failed["stack"] or "routing.py" in failed["stack"]
    assert (request["event"], request["status"], request["route"]) == ("request", 500, f"/test/{route}")
    assert SECRET not in str(lines)
    assert SECRET[1:] not in str(lines)


async def test_a_statement_that_takes_too_long_is_503(caller: AsyncClient) -> None:
    answer = await caller.get("/test/slow")

    assert (answer.status_code, answer.json()["code"]) == (503, "too_slow")
    assert answer.headers["retry-after"] == "5"


async def test_a_database_that_is_away_is_503(
    clock: FakeClock, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> None:
    nowhere = PooledDatabase(
        "postgresql+psycopg://nobody@127.0.0.1:1/none", clock=clock, pool_size=1, statement_timeout_ms=1000
    )
    parts = Parts(settings=settings, database=nowhere, passwords=passwords, keys=keys)
    async with AsyncClient(transport=ASGITransport(create_app(parts)), base_url="http://sotay.test") as caller:
        ready = await caller.get("/readyz")
        refused = await caller.post("/v1/auth/refresh", json={"refresh_token": "x"})
        alive = await caller.get("/healthz")
        keys_anyway = await caller.get("/.well-known/jwks.json")
    await nowhere.close()

    for answer in (ready, refused):
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert answer.headers["retry-after"] == "2"
    assert (alive.status_code, keys_anyway.status_code) == (200, 200)


async def test_a_pool_that_is_empty_is_503(
    live_database_url: str, clock: FakeClock, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> None:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=1, statement_timeout_ms=1000)
    database.engine.pool._timeout = 0.05  # type: ignore[attr-defined] # noqa: SLF001 nobody waits 30 s in a test
    parts = Parts(settings=settings, database=database, passwords=passwords, keys=keys)
    async with AsyncClient(transport=ASGITransport(create_app(parts)), base_url="http://sotay.test") as caller:
        async with held(database):
            answer = await caller.post("/v1/auth/refresh", json={"refresh_token": "x"})
        afterwards = await caller.post("/v1/auth/refresh", json={"refresh_token": "x"})
    await database.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert afterwards.status_code == 401


@asynccontextmanager
async def held(database: PooledDatabase) -> AsyncIterator[None]:
    async with database.session() as session:
        await session.execute(text("SELECT 1"))
        yield


@pytest.mark.parametrize(
    ("wish", "language", "title"),
    [
        (None, "vi", "Không có địa chỉ này"),
        ("", "vi", "Không có địa chỉ này"),
        ("en", "en", "There is no such address"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en", "There is no such address"),
        ("de, vi;q=0.5, en;q=0.7", "en", "There is no such address"),
        ("de", "vi", "Không có địa chỉ này"),
        ("en;q=0", "vi", "Không có địa chỉ này"),
    ],
)
async def test_problems_speak_the_readers_language(
    wish: str | None, language: str, title: str, client: AsyncClient
) -> None:
    answer = await client.get("/v1/nowhere", headers={} if wish is None else {"Accept-Language": wish})

    assert (answer.status_code, answer.json()["title"]) == (404, title)
    assert answer.headers["content-language"] == language
    assert "accept-language" in answer.headers["vary"].lower()


async def test_fields_are_explained_in_the_readers_language(client: AsyncClient) -> None:
    for language, sentence in (("vi", "Thiếu trường này"), ("en", "This field is missing")):
        answer = await client.post("/v1/auth/refresh", json={}, headers={"Accept-Language": language})
        assert answer.json()["errors"] == [{"pointer": "/refresh_token", "code": "missing", "detail": sentence}]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v1/me/", "/v2/me", "/v1/me/nothing", "/v1/auth/login/", "/%00"])
async def test_an_unknown_address_is_a_problem(path: str, client: AsyncClient) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/auth/login", {"POST"}),
        ("POST", "/v1/me", {"GET"}),
        ("PATCH", "/v1/me/sessions", {"GET", "DELETE"}),
        ("POST", "/v1/me/devices/7d0f6a0e-52a5-4a37-9a1e-0c1c5f4d9a10", {"PUT", "DELETE"}),
        ("DELETE", "/healthz", {"GET"}),
    ],
)
async def test_a_method_that_is_not_taken_is_405_and_names_the_ones_that_are(
    method: str, path: str, allowed: set[str], client: AsyncClient
) -> None:
    answer = await client.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.headers["allow"].replace(" ", "").split(",")) - {"HEAD"} == allowed


async def test_letters_of_vietnamese_are_not_escaped(client: AsyncClient) -> None:
    answer = await client.get("/v1/nowhere")

    assert "Không có địa chỉ này" in answer.content.decode()
    assert json.loads(answer.content)["type"] == "/problems/path_not_found"


async def test_what_is_allowed_is_listed_without_a_word_of_either_language(client: AsyncClient) -> None:
    installation = {"installation_id": "00000000-0000-4000-8000-000000000001", "platform": "toaster"}
    body = {"phone": "0912345678", "password": "x", "installation": installation}
    for language, sentence in (("vi", "Phải là một trong: "), ("en", "It must be one of: ")):
        answer = await client.post("/v1/auth/login", json=body, headers={"Accept-Language": language})
        (error,) = answer.json()["errors"]
        assert error["detail"] == f"{sentence}'android', 'ios', 'web'"

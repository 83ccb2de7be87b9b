"""What every request goes through: its id, its headers, its one line in the log."""

import re
from collections.abc import AsyncIterator

import pytest
import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.responses import StreamingResponse
from starlette.types import Message
from structlog.testing import capture_logs

from app.kernel.db import Database
from app.kernel.passwords import Passwords
from tests.factories.world import World
from tests.identity.steps import PASSWORD, give_password, refresh, sign_in, whoami


@pytest.mark.parametrize("given", ["a", "5f1c9f0e-aa:b.c_d", "x" * 64])
async def test_a_callers_request_id_is_echoed(given: str, client: AsyncClient) -> None:
    fine = await client.get("/healthz", headers={"X-Request-Id": given})
    refused = await client.get("/v1/me", headers={"X-Request-Id": given})

    assert fine.headers["x-request-id"] == given
    assert (refused.headers["x-request-id"], refused.json()["request_id"]) == (given, given)


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", "mã", "a\tb"])
async def test_a_strange_request_id_is_replaced(given: str, client: AsyncClient) -> None:
    answer = await client.get("/v1/me", headers={b"X-Request-Id": given.encode()})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_two_requests_have_two_ids(client: AsyncClient) -> None:
    first, second = [(await client.get("/healthz")).headers["x-request-id"] for _ in range(2)]

    assert first != second


async def test_answers_are_private_and_not_sniffed(client: AsyncClient) -> None:
    for path in ("/healthz", "/v1/me", "/v1/nowhere"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/healthz", "/v1/nowhere", "/openapi.json", "/docs", "/docs/docs.js", "/problems"])
async def test_no_answer_can_be_framed_run_or_told_of_elsewhere(path: str, app: FastAPI, client: AsyncClient) -> None:
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert ("script-src" in policy) is path.startswith("/docs")
    assert headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in headers
    assert "access-control-allow-origin" not in headers
    assert not {"server", "x-powered-by"} & set(headers)

    app.state.settings = app.state.settings.model_copy(update={"hsts_seconds": 600})
    assert (await client.get(path)).headers["strict-transport-security"] == "max-age=600"


async def test_every_request_is_one_line_with_its_id_and_the_routes_template(client: AsyncClient, world: World) -> None:
    path = f"/v1/members/{world.member.member_id}/activation-code"
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await client.post(path, headers={"X-Request-Id": "abc-1"})

    [line] = lines
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "request_id": "abc-1",
        "method": "POST",
        "route": line["route"],
        "status": 401,
    }
    assert line["route"].endswith("/members/{member_id}/activation-code")


async def test_a_caller_who_hangs_up_within_the_request_is_no_failure(app: FastAPI) -> None:
    told: list[Message] = [
        {"type": "http.request", "body": b'{"phone": "09', "more_body": True},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/auth/login",
        "raw_path": b"/v1/auth/login",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"100")],
    }
    answered: list[Message] = []

    async def receive() -> Message:
        return told.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    with capture_logs() as lines:
        await app(scope, receive, send)

    assert answered == []
    assert [(line["event"], line["log_level"], line["status"]) for line in lines] == [("request", "info", 0)]


async def test_the_log_holds_no_phone_password_or_token(
    client: AsyncClient, database: Database, passwords: Passwords, world: World
) -> None:
    assert world.member.phone is not None
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await give_password(database, passwords, world.member)
        tokens = await sign_in(client, world.member)
        await whoami(client, tokens)
        second = (await refresh(client, tokens["refresh_token"])).json()
        await refresh(client, second["refresh_token"])
        await refresh(client, tokens["refresh_token"])  # a replay, which is logged
        await client.post("/v1/auth/login", json={"phone": world.member.phone, "password": 1})
        await client.post("/v1/auth/login?phone=" + world.member.phone[1:], content=b"{")

    said = str(lines)
    assert "refresh_token_reused" in said
    assert len([line for line in lines if line["event"] == "request"]) == 7
    for secret in (world.member.phone[3:], PASSWORD, tokens["refresh_token"], tokens["access_token"][-40:]):
        assert secret not in said


async def test_a_failure_after_the_answer_began_is_not_answered_twice(app: FastAPI) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the rest is lost")

    async def route() -> StreamingResponse:
        return StreamingResponse(half())

    app.add_api_route("/test/half", route)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test") as caller:
        with pytest.raises(RuntimeError, match="the rest is lost"):
            await caller.get("/test/half")

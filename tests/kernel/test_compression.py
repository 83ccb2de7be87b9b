"""Text leaves compressed for whoever takes gzip, and everything else as it is."""

import gzip
import json
from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI, Response
from httpx import ASGITransport, AsyncClient
from starlette.types import Message

from app.kernel.compression import MINIMUM_BYTES, Compression, accepts_gzip
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
async def caller() -> AsyncIterator[AsyncClient]:
    app = FastAPI()

    async def text(size: int, kind: str) -> Response:
        return Response(b"x" * size, media_type=kind, headers={"Vary": "Accept-Language"})

    async def compressed_already() -> Response:
        return Response(gzip.compress(b"x" * 1000), media_type="application/json", headers={"Content-Encoding": "gzip"})

    app.add_api_route("/text", text)
    app.add_api_route("/compressed", compressed_already)
    app.add_middleware(Compression)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://sotay.test", headers=GZIP) as caller:
        yield caller


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/problem+json", "text/html; charset=utf-8", "Text/HTML", "text/calendar"],
)
async def test_text_of_500_bytes_is_compressed_and_less_is_not(kind: str, caller: AsyncClient) -> None:
    long = await caller.get("/text", params={"size": MINIMUM_BYTES, "kind": kind})
    short = await caller.get("/text", params={"size": MINIMUM_BYTES - 1, "kind": kind})

    assert long.headers["content-encoding"] == "gzip"
    assert int(long.headers["content-length"]) < 100
    assert long.content == b"x" * MINIMUM_BYTES
    assert "content-encoding" not in short.headers
    assert int(short.headers["content-length"]) == MINIMUM_BYTES - 1
    for answer in (long, short):
        assert answer.headers["vary"] == "Accept-Language, Accept-Encoding"


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "text/event-stream", "text/plain", "text/css"])
async def test_other_kinds_are_left_as_they_are(kind: str, caller: AsyncClient) -> None:
    answer = await caller.get("/text", params={"size": 5000, "kind": kind})

    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Language"


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_a_stream_stays_a_stream_in_its_pieces(kind: str) -> None:
    sent: list[Message] = []

    async def pieces(scope: object, receive: object, send: Callable[[Message], object]) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})  # type: ignore[misc]
        for more in (True, True, False):
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": more})  # type: ignore[misc]
            assert sent[-1].get("body") == b"x" * 1000  # none waits for the next

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"accept-encoding", b"gzip")]}
    await Compression(pieces)(scope, receive, send)

    assert [message["type"].rsplit(".", 1)[-1] for message in sent] == ["start", "body", "body", "body"]
    assert b"content-encoding" not in dict(sent[0]["headers"])


async def test_what_is_compressed_already_is_not_compressed_again(caller: AsyncClient) -> None:
    assert (await caller.get("/compressed")).content == b"x" * 1000


@pytest.mark.parametrize(
    ("wish", "taken"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("br, *", True),
        ("*;q=0, gzip", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("br, identity", False),
        ("gzip;q=x", False),
        ("", False),
    ],
)
def test_accept_encoding_is_read_as_rfc_9110_says(wish: str, taken: object) -> None:
    assert accepts_gzip(wish) is taken


async def test_the_etag_is_the_same_with_and_without_and_304_works_for_both(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    body = {"title": "Sinh hoạt tháng 12", "starts_at": "2026-12-04T12:30:00Z", "place": "Nhà văn hóa"}
    made = await secretary.post(f"/v1/organisations/{world.branch_a}/meetings", json=body)
    path = f"/v1/meetings/{made.json()['id']}"

    packed = await secretary.get(path, headers=GZIP)
    plain = await secretary.get(path, headers={"Accept-Encoding": "identity"})

    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.content == plain.content
    assert packed.headers["etag"] == plain.headers["etag"]
    for wish in ("gzip", "identity"):
        again = await secretary.get(path, headers={"If-None-Match": plain.headers["etag"], "Accept-Encoding": wish})
        assert (again.status_code, again.content, again.headers["vary"]) == (304, b"", "Accept-Encoding")
    changed = await secretary.put(path, json=body, headers={"If-Match": packed.headers["etag"]})
    assert changed.status_code == 200


async def test_the_whole_document_is_compressed(client: AsyncClient, app: FastAPI) -> None:
    answer = await client.get("/openapi.json", headers=GZIP)

    assert answer.json() == app.openapi()
    assert int(answer.headers["content-length"]) < len(json.dumps(app.openapi())) / 5

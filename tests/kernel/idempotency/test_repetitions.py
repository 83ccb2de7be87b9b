"""A write sent twice takes effect once, and what it was answered is what it is answered again."""

from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.kernel.db import PooledDatabase
from tests.kernel.idempotency.asking import code_of, count, with_key


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_repetition_gets_the_same_bytes_and_tag_and_does_nothing(
    method: str, ann: AsyncClient, live: PooledDatabase
) -> None:
    headers = with_key()
    first = await ann.request(method, "/test/rings", json={"name": "Đông"}, headers=headers)
    again = await ann.request(method, "/test/rings", json={"name": "Đông"}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("etag", "location", "content-type", "content-length"):
        assert again.headers[name] == first.headers[name]
    counted = [await count(live, table) for table in ("bells", "events", "procrastinate_jobs", "idempotency_keys")]
    assert counted == [1, 1, 1, 1]


async def test_without_a_key_each_post_is_its_own(ann: AsyncClient, live: PooledDatabase) -> None:
    for name in "ab":
        assert (await ann.post("/test/rings", json={"name": name})).status_code == 201

    assert (await count(live), await count(live, "idempotency_keys")) == (2, 0)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_an_answer_without_a_body_is_repeated_too(method: str, ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    assert (await ann.request(method, "/test/silence", headers=headers)).status_code == 204
    await ann.post("/test/rings", json={"name": "a"})

    again = await ann.request(method, "/test/silence", headers=headers)

    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (204, b"", "true")
    assert await count(live) == 1


@pytest.mark.parametrize(
    ("path", "body", "more"),
    [
        ("/test/rings", {"name": "b"}, {}),
        ("/test/other", {"name": "a"}, {}),
        ("/test/rings?loud=1", {"name": "a"}, {}),
        ("/test/rings", {"name": "a"}, {"If-Match": '"1-0"'}),
        ("/test/rings", {"nom": "not even valid"}, {}),
    ],
)
async def test_a_key_of_another_request_is_refused(
    path: str, body: dict[str, str], more: dict[str, str], ann: AsyncClient, live: PooledDatabase
) -> None:
    key = uuid4()
    await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key))

    answer = await ann.post(path, json=body, headers=with_key(key, **more))

    assert code_of(answer) == (422, "idempotency_key_reused")
    assert await count(live) == 1


async def test_another_account_may_use_the_same_key(ann: AsyncClient, live: PooledDatabase) -> None:
    key = uuid4()
    await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key))

    answer = await ann.post("/test/rings", json={"name": "b"}, headers=with_key(key, Authorization="Bearer 2"))

    assert answer.status_code == 201
    assert answer.json()["name"] == "b"
    assert "idempotency-replayed" not in answer.headers
    assert await count(live) == 2


async def test_who_is_no_longer_signed_in_gets_no_repetition(ann: AsyncClient) -> None:
    key = uuid4()
    await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key))

    answer = await ann.post("/test/rings", json={"name": "a"}, headers=with_key(key, Authorization="Bearer out"))

    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["", "1", "không", "01a20554-aa22-7cf5-97ba-64575c030d6", "x" * 5000])
async def test_a_malformed_key_is_refused_by_its_name(key: str, ann: AsyncClient, live: PooledDatabase) -> None:
    answer = await ann.post("/test/rings", json={"name": "a"}, headers={b"Idempotency-Key": key.encode()})

    assert code_of(answer) == (422, "fields_not_valid")
    assert answer.json()["errors"][0]["pointer"] == "header/Idempotency-Key"
    assert await count(live) == 0


async def test_a_form_is_the_same_whatever_stands_between_its_parts(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    content = b"%PDF" + bytes(3 * 1024 * 1024)

    async def hand_in(title: str, content: bytes, name: str = "a.pdf") -> Any:  # Any: httpx's answer
        form = {"data": {"title": title}, "files": {"file": (name, content)}}
        return await ann.post("/test/papers", headers=headers, **form)  # type: ignore[arg-type]

    first = await hand_in("a", content)
    again = await hand_in("a", content)

    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.json(), again.content) == ({"title": "a", "size": len(content)}, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    for other in (("b", content), ("a", content[:-1]), ("a", content, "b.pdf")):
        assert code_of(await hand_in(*other)) == (422, "idempotency_key_reused")
    assert await count(live) == 1


async def test_a_body_too_large_is_refused_with_a_key_as_without(ann: AsyncClient) -> None:
    for path in ("/test/rings", "/test/silence"):
        answer = await ann.post(path, content=b" " * 70_000, headers=with_key())
        assert code_of(answer) == (413, "body_too_large")

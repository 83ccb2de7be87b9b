"""What breaks, is refused or comes at the same time keeps nothing, or takes effect once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.db import PooledDatabase
from tests.kernel.idempotency.asking import code_of, count, with_key
from tests.kernel.idempotency.conftest import Meanwhile


@pytest.mark.parametrize(("fail", "status"), [("refusal", 409), ("crash", 500)])
async def test_a_refusal_is_not_kept_so_that_a_retry_may_succeed(
    fail: str, status: int, ann: AsyncClient, live: PooledDatabase
) -> None:
    headers = with_key()
    for _ in range(2):
        refused = await ann.post("/test/rings", json={"name": "a", "fail": fail}, headers=headers)
        assert (refused.status_code, "idempotency-replayed" in refused.headers) == (status, False)
    assert await count(live, "idempotency_keys") == 0

    assert (await ann.post("/test/rings", json={"name": "a"}, headers=headers)).status_code == 201
    assert await count(live) == 1


async def test_a_commit_that_fails_keeps_nothing(ann: AsyncClient, live: PooledDatabase) -> None:
    await ann.post("/test/rings", json={"name": "a"})
    headers = with_key()

    failed = await ann.post("/test/rings", json={"name": "a"}, headers=headers)  # checked by the commit itself

    assert code_of(failed) == (500, "internal_error")
    assert await count(live, "idempotency_keys") == 0
    async with live.session() as session:
        await session.execute(text("DELETE FROM bells"))
        await session.commit()
    assert (await ann.post("/test/rings", json={"name": "a"}, headers=headers)).status_code == 201


async def test_a_connection_that_dies_before_the_commit_keeps_nothing_and_frees_the_key(
    ann: AsyncClient, live: PooledDatabase, meanwhile: Meanwhile
) -> None:
    headers = with_key()
    body = {"name": "a", "fail": "wait"}
    first = asyncio.create_task(ann.post("/test/rings", json=body, headers=headers))
    await meanwhile.reached.wait()
    async with live.session() as session:
        await session.execute(
            text("""
                SELECT pg_terminate_backend(pid) FROM pg_locks
                WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
        )
    meanwhile.go_on.set()

    assert (await first).status_code == 503
    assert (await count(live), await count(live, "idempotency_keys")) == (0, 0)
    assert (await ann.post("/test/rings", json=body, headers=headers)).status_code == 201
    assert await count(live) == 1


async def test_an_answer_lost_on_its_way_is_given_again_word_for_word(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    app = ann._transport.app  # type: ignore[attr-defined] # noqa: SLF001 the caller below hangs up
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:  # Any: an ASGI message
        return {"type": "http.request", "body": b'{"name":"a"}'}

    async def send(message: Any) -> None:  # Any: an ASGI message
        if message["type"] == "http.response.body":
            sent.append(message["body"])
            raise OSError("the caller is gone")

    raw = {"host": "sotay.test", "authorization": "Bearer 1", "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/test/rings",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in raw.items()],
    }
    with pytest.raises(OSError, match="gone"):
        await app(scope, receive, send)

    again = await ann.post("/test/rings", content=b'{"name":"a"}', headers={**raw})
    assert again.headers["idempotency-replayed"] == "true"
    assert [again.content] == sent
    assert await count(live) == 1


async def test_a_repetition_while_the_first_is_under_way_is_told_so_at_once(
    ann: AsyncClient, live: PooledDatabase, meanwhile: Meanwhile
) -> None:
    headers = with_key()
    body = {"name": "a", "fail": "wait"}
    first = asyncio.create_task(ann.post("/test/rings", json=body, headers=headers))
    await meanwhile.reached.wait()

    second = await ann.post("/test/rings", json=body, headers=headers)
    meanwhile.go_on.set()

    assert code_of(second) == (409, "request_in_flight")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    third = await ann.post("/test/rings", json=body, headers=headers)
    assert (third.status_code, third.content) == (201, (await first).content)
    assert await count(live) == 1


@pytest.mark.parametrize("fail", ["overtaken", "overtaken, refused"])
async def test_who_is_overtaken_between_look_and_lock_takes_no_effect(
    fail: str, ann: AsyncClient, live: PooledDatabase
) -> None:
    """Nor is it refused for what the first has done: its id is taken then, by itself."""
    key = uuid4()

    answer = await ann.post("/test/rings", json={"name": str(key), "fail": fail}, headers=with_key(key))

    assert code_of(answer) == (409, "request_in_flight")
    assert await count(live) == 0


async def test_a_hundred_at_once_take_effect_once(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()

    answers = await asyncio.gather(*(ann.post("/test/rings", json={"name": "a"}, headers=headers) for _ in range(100)))

    assert [await count(live, table) for table in ("bells", "events", "idempotency_keys")] == [1, 1, 1]
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1

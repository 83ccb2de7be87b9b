"""A caller may prefer an empty answer: the resource is left out, refusals and reads are whole."""

from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.kernel.db import PooledDatabase
from tests.factories.meetings import SignedIn
from tests.factories.world import World
from tests.kernel.idempotency.asking import code_of, count, with_key


async def test_a_caller_may_prefer_an_empty_answer_to_the_resource(ann: AsyncClient, live: PooledDatabase) -> None:
    headers = with_key()
    spare = await ann.post("/test/rings", json={"name": "a"}, headers={**headers, "Prefer": "return=minimal"})
    whole = await ann.post("/test/rings", json={"name": "a"}, headers=headers)

    assert (spare.status_code, spare.content, spare.headers["preference-applied"]) == (204, b"", "return=minimal")
    assert (whole.status_code, whole.json()["name"]) == (201, "a")
    assert "preference-applied" not in whole.headers
    assert (spare.headers["etag"], spare.headers["location"]) == (whole.headers["etag"], whole.headers["location"])
    assert "idempotency-replayed" not in spare.headers
    replayed = await ann.post("/test/rings", json={"name": "a"}, headers={**headers, "Prefer": "return=minimal"})
    assert (replayed.status_code, replayed.headers["idempotency-replayed"]) == (204, "true")
    assert await count(live) == 1


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ("return=minimal", 204),
        ('respond-async, Return = "minimal"; x=1', 204),
        ("return=representation", 201),
        ("return", 201),
        ("", 201),
    ],
)
async def test_a_preference_is_read_as_rfc_7240_writes_it(wish: str, status: int, ann: AsyncClient) -> None:
    answer = await ann.post("/test/rings", json={"name": "a"}, headers={"Prefer": wish})

    assert answer.status_code == status


async def test_a_refusal_and_a_read_are_whole_whatever_is_preferred(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    preferring = {"Prefer": "return=minimal"}

    refused = await secretary.post(f"/v1/meetings/{uuid4()}/announce", headers=preferring)
    read = await secretary.get(f"/v1/organisations/{world.branch_a}", headers=preferring)

    assert code_of(refused) == (404, "meeting_not_found")
    assert (read.status_code, read.json()["id"]) == (200, str(world.branch_a))

"""How much one account may ask, and what it is told of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.kernel.rates import RateLimiter
from app.kernel.settings import Settings
from tests.factories.clock import FakeClock
from tests.factories.world import Person, World

AN, BINH = UUID(int=1), UUID(int=2)


def test_a_bucket_empties_at_once_and_fills_evenly(clock: FakeClock) -> None:
    limiter = RateLimiter(120)
    taken = [limiter.take(AN, now=clock()) for _ in range(120)]
    assert [one.remaining for one in taken] == list(range(119, -1, -1))
    assert {one.retry_after for one in taken} == {None}
    assert (taken[0].full_in, taken[-1].full_in) == (1, 60)

    refused = limiter.take(AN, now=clock())
    assert (refused.remaining, refused.full_in, refused.retry_after) == (0, 60, 1)
    assert limiter.take(BINH, now=clock()).remaining == 119  # each account has its own

    clock.advance(microseconds=499_999)
    assert limiter.take(AN, now=clock()).retry_after == 1
    clock.advance(microseconds=1)
    assert limiter.take(AN, now=clock()).retry_after is None
    clock.advance(seconds=1)
    assert [limiter.take(AN, now=clock()).retry_after for _ in range(3)] == [None, None, 1]


@pytest.mark.parametrize("per_minute", [1, 7, 59, 120])
def test_waiting_as_long_as_told_is_enough_and_no_second_less(per_minute: int, clock: FakeClock) -> None:
    limiter = RateLimiter(per_minute)
    for _ in range(per_minute):
        limiter.take(AN, now=clock())
    wait = limiter.take(AN, now=clock()).retry_after
    assert wait is not None
    if wait > 1:
        early = clock() + timedelta(seconds=wait - 1)
        assert limiter.take(AN, now=early).retry_after == 1
    assert limiter.take(AN, now=clock() + timedelta(seconds=wait)).retry_after is None


def test_no_more_than_twice_the_limit_is_let_through_in_any_minute(clock: FakeClock) -> None:
    limiter = RateLimiter(10)
    let_through = 0
    for _ in range(600):
        let_through += limiter.take(AN, now=clock()).retry_after is None
        clock.advance(milliseconds=100)
    assert let_through == 19


def test_a_request_that_began_earlier_takes_without_giving_back(clock: FakeClock) -> None:
    limiter = RateLimiter(2)
    limiter.take(AN, now=clock())
    late = limiter.take(AN, now=clock() - timedelta(seconds=30))
    assert (late.remaining, late.full_in) == (0, 60)
    assert limiter.take(AN, now=clock()).retry_after == 30


def test_who_was_quiet_for_a_minute_is_forgotten_and_has_everything(clock: FakeClock) -> None:
    limiter = RateLimiter(3)
    for number in range(1000):
        limiter.take(UUID(int=number), now=clock())
    clock.advance(seconds=59)
    limiter.take(UUID(int=0), now=clock())
    clock.advance(seconds=1)
    assert limiter.take(BINH, now=clock()).remaining == 2
    assert len(limiter._buckets) == 2  # noqa: SLF001 memory is what this is about


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, public_url="http://sotay.test", rate_limit_per_minute=3)


async def test_each_answer_says_what_is_left_and_the_one_too_many_how_long_to_wait(
    world: World, signed_in: Callable[[Person], AsyncClient], clock: FakeClock
) -> None:
    member = signed_in(world.member)
    fine = await member.get("/v1/me/meetings")
    assert fine.headers["RateLimit-Policy"] == '"account";q=3;w=60'
    assert fine.headers["RateLimit"] == '"account";r=2;t=20'
    # Whatever the answer is: not modified, refused.
    same = await member.get("/v1/me/meetings", headers={"If-None-Match": fine.headers["ETag"]})
    assert (same.status_code, same.headers["RateLimit"]) == (304, '"account";r=1;t=40')
    missing = await member.get(f"/v1/meetings/{world.branch_a}")
    assert (missing.status_code, missing.headers["RateLimit"]) == (404, '"account";r=0;t=60')

    refused = await signed_in(world.member).get("/v1/me")  # another token, the same account
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limit_exceeded")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "20"
    assert refused.headers["RateLimit"] == '"account";r=0;t=60'
    assert (await signed_in(world.away).get("/v1/me")).status_code == 200

    clock.advance(seconds=20)
    assert (await signed_in(world.member).get("/v1/me")).status_code == 200


async def test_who_is_not_signed_in_is_not_counted(client: AsyncClient) -> None:
    for _ in range(5):
        answer = await client.get("/v1/me", headers={"Authorization": "Bearer x.y.z"})
        assert answer.status_code == 401
        assert "RateLimit" not in answer.headers


async def test_without_a_limit_nothing_is_said_of_one(
    app: FastAPI, world: World, signed_in: Callable[[Person], AsyncClient]
) -> None:
    app.state.rate_limiter = None
    answers = [await signed_in(world.member).get("/v1/me") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[-1].headers
    assert "RateLimit-Policy" not in answers[-1].headers


async def test_document_tells_of_the_limit_where_a_sign_in_is_needed(app: FastAPI) -> None:
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            refused = operation["responses"].get("429", {"content": {}})
            assert bool(operation["security"]) == ("rate_limit_exceeded" in str(refused["content"]))
            if refused["content"]:  # signing in has delays of its own
                assert "Retry-After" in refused["headers"]

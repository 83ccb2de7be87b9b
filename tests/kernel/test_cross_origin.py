"""Browsers of other origins read nothing, but of those that the settings list."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

WEB = "https://so-tay.example"
ASKED = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,if-match"}


def opened(app: FastAPI) -> None:
    listed = f"http://localhost:5173,{WEB}"
    app.state.settings = app.state.settings.model_copy(update={"cors_origins": listed})


async def test_without_the_setting_no_origin_is_let_in(client: AsyncClient) -> None:
    preflight = await client.options("/v1/me", headers={"Origin": WEB, **ASKED})
    read = await client.get("/healthz", headers={"Origin": WEB})

    assert preflight.status_code == 405
    assert not [name for answer in (preflight, read) for name in answer.headers if name.startswith("access-control")]


async def test_a_listed_origin_may_ask_and_read(app: FastAPI, client: AsyncClient) -> None:
    opened(app)

    preflight = await client.options("/v1/me", headers={"Origin": WEB, **ASKED})
    refused = await client.get("/v1/me", headers={"Origin": WEB})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == WEB
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert {"Authorization", "If-Match", "Idempotency-Key"} <= set(
        preflight.headers["access-control-allow-headers"].split(", ")
    )
    assert refused.status_code == 401  # refusals are read too
    assert refused.headers["access-control-allow-origin"] == WEB
    assert "ETag" in refused.headers["access-control-expose-headers"]
    assert "Origin" in refused.headers["vary"]
    for answer in (preflight, refused):
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://so-tay.example.evil.example", "http://so-tay.example", "null", "https://x"]
)
async def test_other_origins_stay_outside(origin: str, app: FastAPI, client: AsyncClient) -> None:
    opened(app)

    preflight = await client.options("/v1/me", headers={"Origin": origin, **ASKED})
    read = await client.get("/healthz", headers={"Origin": origin})

    assert preflight.status_code == 400
    for answer in (preflight, read):
        assert "access-control-allow-origin" not in answer.headers

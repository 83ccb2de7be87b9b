"""Routers that are passed over: the routes of others are not asked, and those of one's own all are."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from starlette.routing import Match
from starlette.types import Scope

from app.kernel.routing import PREFIX, Router


def app_that_notes(asked: list[str]) -> FastAPI:
    class Noting(APIRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            asked.append(self.path)
            return super().matches(scope)

    app = FastAPI()
    for name in ("apples", "pears"):
        router = Router(prefix=f"/{name}", route_class=Noting)

        @router.get("/{which}")
        async def look(which: int) -> dict[str, Any]:
            return {"which": which}

        @router.get("/{which}/seeds")
        async def look_inside(which: int) -> dict[str, Any]:
            return {"inside": which}

        app.include_router(router, prefix=PREFIX)
    return app


@pytest.mark.parametrize(
    ("method", "address", "status", "asked"),
    [
        ("GET", "/v1/pears/3", 200, {"/pears/{which}"}),
        ("GET", "/v1/pears/3/seeds", 200, {"/pears/{which}", "/pears/{which}/seeds"}),
        ("PUT", "/v1/apples/3", 405, {"/apples/{which}", "/apples/{which}/seeds"}),
        ("GET", "/v1/plums/3", 404, set()),
        ("GET", "/v1/pears", 404, set()),
    ],
)
async def test_only_a_router_that_has_the_address_is_looked_through(
    method: str, address: str, status: int, asked: set[str]
) -> None:
    noted: list[str] = []
    transport = ASGITransport(app_that_notes(noted))
    async with AsyncClient(transport=transport, base_url="http://sotay.test") as client:
        answer = await client.request(method, address)

    assert answer.status_code == status
    assert set(noted) == asked

"""Bells to ring twice: an application with routes of its own, on a database that commits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, File, Form, Header, Response, UploadFile
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession, PooledDatabase
from app.kernel.errors import Conflict, NotSignedIn
from app.kernel.etags import Tagged
from app.kernel.events import record
from app.kernel.passwords import Passwords
from app.kernel.schemas import Request as Body
from app.kernel.schemas import Versioned
from app.kernel.security import Actor
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.factories.clock import FakeClock
from tests.kernel.test_db import rung

ANN = UUID(int=1)


class Ring(Body):
    name: str
    fail: str = ""


class RingView(Versioned):
    name: str


class Meanwhile:
    """What somebody else does while a request is served; the request waits for it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()


@pytest.fixture
async def live(live_database_url: str, clock: FakeClock) -> AsyncIterator[PooledDatabase]:
    database = PooledDatabase(live_database_url, clock=clock, pool_size=10, statement_timeout_ms=2_000)
    async with database.session() as session:
        await session.execute(text("CREATE TABLE bells (id uuid, name text UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        await session.commit()
    yield database
    await database.close()


@pytest.fixture
def meanwhile() -> Meanwhile:
    return Meanwhile()


@pytest.fixture
async def ann(
    live: PooledDatabase, meanwhile: Meanwhile, settings: Settings, keys: TokenKeys, passwords: Passwords
) -> AsyncIterator[AsyncClient]:
    app = create_app(Parts(settings=settings, database=live, passwords=passwords, keys=keys))

    async def authenticate(session: object, token: str) -> Actor:
        del session
        if not token.isdigit():
            raise NotSignedIn
        nobody = UUID(int=0)
        return Actor(
            account_id=UUID(int=int(token)),
            session_id=nobody,
            member_id=nobody,
            organisation_id=nobody,
            path=(),
            posts=(),
            time_zone="Asia/Ho_Chi_Minh",
        )

    app.state.authenticate = authenticate
    router = APIRouter(route_class=StrictRoute)

    async def ring(
        session: DbSession,
        tagged: Tagged,
        response: Response,
        body: Ring,
        if_match: Annotated[str | None, Header(alias="If-Match")] = None,
    ) -> RingView:
        del if_match
        made = session.new_id()
        await session.execute(text("INSERT INTO bells VALUES (:id, :name)"), {"id": made, "name": body.name})
        await record(session, rung())
        if body.fail == "crash":
            raise RuntimeError("after record()")
        if body.fail == "wait":
            meanwhile.reached.set()
            await meanwhile.go_on.wait()
        if body.fail in {"overtaken", "overtaken, refused"}:
            async with live.session() as other:
                await other.execute(
                    text("""
                        INSERT INTO idempotency_keys
                        SELECT :ann, CAST(:key AS uuid), 'x', 201, '{}', '', now()
                    """),
                    {"ann": ANN, "key": body.name},
                )
                await other.commit()
        if body.fail in {"refusal", "overtaken, refused"}:  # the latter as by an id that the first has taken meanwhile
            raise Conflict
        response.headers["Location"] = f"/test/rings/{made}"
        return tagged.one(RingView(id=made, version=1, name=body.name))

    async def hand_in(
        session: DbSession, file: Annotated[UploadFile, File()], title: Annotated[str, Form()]
    ) -> dict[str, Any]:  # Any: JSON
        content = await file.read()
        await session.execute(text("INSERT INTO bells VALUES (:id, :name)"), {"id": session.new_id(), "name": title})
        return {"title": title, "size": len(content)}

    async def silence(session: DbSession) -> None:
        await session.execute(text("DELETE FROM bells"))

    router.add_api_route("/test/rings", ring, methods=["POST"], status_code=201, operation_id="ring")
    router.add_api_route("/test/other", ring, methods=["POST"], status_code=201, operation_id="other")
    router.add_api_route("/test/papers", hand_in, methods=["POST"], operation_id="handIn", max_body_size=2**22)
    router.add_api_route("/test/rings", ring, methods=["PUT"], status_code=201, operation_id="replaceRing")
    router.add_api_route("/test/rings", ring, methods=["PATCH"], status_code=201, operation_id="changeRing")
    router.add_api_route("/test/silence", silence, methods=["DELETE"], status_code=204, operation_id="endRings")
    router.add_api_route("/test/silence", silence, methods=["POST"], status_code=204, operation_id="silence")
    app.include_router(router)
    async with AsyncClient(
        transport=ASGITransport(app, raise_app_exceptions=False),
        base_url="http://sotay.test",
        headers={"Authorization": "Bearer 1"},
    ) as caller:
        yield caller

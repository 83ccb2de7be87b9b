"""What the home screen is compared with: the same body from the ORM, from one hand-written statement, and fixed.

Each is the least that a FastAPI application can be which checks the token, reads the session and answers the meetings;
none checks a rate, an ETag, a post or row-level security. `PEER_BODY` is the file with the fixed body.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Header, Request, Response
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from app import models as _all_tables  # noqa: F401 foreign keys name tables of other features
from app.identity.models import Account, LoginSession
from app.kernel.tokens import TokenKeys
from app.meetings.models import Meeting, MeetingReply, MeetingStatus
from app.members.models import Member

URL = os.environ["SOTAY_DATABASE_URL"]
KEYS = TokenKeys(Path(os.environ["SOTAY_DATA_DIR"]) / "keys", issuer=os.environ["SOTAY_PUBLIC_URL"])
POOL = 10
LIMIT = 20

Asgi = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[dict[str, Any]], Awaitable[None]]], Any]
"""Any: ASGI's own shapes."""


class Point(BaseModel):
    """A point of the agenda."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    title: str
    minutes: int | None
    presenter: str | None
    body: str | None


class Reply(BaseModel):
    """The caller's reply."""

    model_config = ConfigDict(from_attributes=True)

    reply: str
    reason: str | None
    replied_at: datetime
    entered_by: UUID | None


class MeetingOut(BaseModel):
    """A meeting as the product answers it, without the members that are null or empty for a plain member."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    organisation_id: UUID
    kind: str
    status: str
    title: str
    starts_at: datetime
    ends_at: datetime | None
    time_zone: str
    place: str | None
    online_url: str | None
    reason: str | None
    agenda: list[Point]
    version: int
    schedule_version: int
    started_at: datetime | None
    ended_at: datetime | None
    chair_id: UUID | None
    minute_taker_id: UUID | None
    rule_set: str | None
    my_reply: Reply | None = None


class Meetings(BaseModel):
    """A page of them."""

    items: list[MeetingOut]


def claimed(authorization: Annotated[str, Header()]) -> tuple[UUID, UUID]:
    """Return the account and the session that the token names."""
    claims = KEYS.verify(authorization.removeprefix("Bearer "), now=datetime.now(UTC))
    return claims.sub, claims.sid


Claimed = Annotated[tuple[UUID, UUID], Depends(claimed)]


def orm() -> FastAPI:
    """Entities of SQLAlchemy's ORM, their agenda by `selectinload`, through Pydantic models."""
    engine = create_async_engine(URL, pool_size=POOL, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = FastAPI()

    async def unit() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    @app.get("/v1/me/meetings")
    async def list_meetings(session: Annotated[AsyncSession, Depends(unit)], claimed: Claimed) -> Meetings:
        account = await session.get_one(Account, claimed[0])
        live = await session.get_one(LoginSession, claimed[1])
        assert live.revoked_at is None
        member = await session.get_one(Member, account.member_id)
        meetings = (
            await session.scalars(
                select(Meeting)
                .where(
                    Meeting.organisation_id == member.organisation_id,
                    Meeting.status != MeetingStatus.draft,
                    Meeting.starts_at >= datetime.now(UTC),
                )
                .order_by(Meeting.starts_at, Meeting.id)
                .limit(LIMIT)
                .options(selectinload(Meeting.agenda))
            )
        ).all()
        replies = await session.scalars(
            select(MeetingReply).where(
                MeetingReply.member_id == member.id, MeetingReply.meeting_id.in_([meeting.id for meeting in meetings])
            )
        )
        by_meeting = {reply.meeting_id: reply for reply in replies}
        items = [MeetingOut.model_validate(meeting) for meeting in meetings]
        for item in items:
            if item.id in by_meeting:
                item.my_reply = Reply.model_validate(by_meeting[item.id])
        return Meetings(items=items)

    return app


BY_HAND = """
WITH me AS MATERIALIZED (
    SELECT members.id, members.organisation_id
    FROM sessions
    JOIN accounts ON accounts.id = sessions.account_id
    JOIN members ON members.id = accounts.member_id
    WHERE sessions.id = %(session)s AND accounts.id = %(account)s AND revoked_at IS NULL AND expires_at > now()
), page AS (
    SELECT meetings.* FROM meetings
    WHERE organisation_id = (SELECT organisation_id FROM me) AND status <> 'draft' AND starts_at >= now()
    ORDER BY starts_at, id LIMIT 20
)
SELECT json_build_object('items', coalesce(json_agg(json_build_object(
    'id', page.id, 'organisation_id', page.organisation_id, 'kind', kind, 'status', status, 'title', title,
    'starts_at', starts_at, 'ends_at', ends_at, 'time_zone', time_zone, 'place', place, 'online_url', online_url,
    'reason', page.reason, 'version', version, 'schedule_version', page.schedule_version, 'started_at', started_at,
    'ended_at', ended_at, 'chair_id', chair_id, 'minute_taker_id', minute_taker_id, 'rule_set', rule_set,
    'agenda', (SELECT coalesce(json_agg(json_build_object(
            'position', position, 'title', title, 'minutes', minutes, 'presenter', presenter, 'body', body
        ) ORDER BY position), '[]') FROM agenda_items WHERE meeting_id = page.id),
    'my_reply', (SELECT json_build_object(
            'reply', reply, 'reason', reason, 'replied_at', replied_at, 'entered_by', entered_by
        ) FROM meeting_replies WHERE meeting_id = page.id AND member_id = (SELECT id FROM me))
) ORDER BY starts_at, page.id), '[]'))::text FROM page
"""


def driver() -> FastAPI:
    """The driver's pool and one statement, in which PostgreSQL makes the JSON."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncConnectionPool(URL.replace("+psycopg", ""), min_size=POOL, max_size=POOL) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/me/meetings")
    async def list_meetings(request: Request, claimed: Claimed) -> Response:
        asked = {"account": claimed[0], "session": claimed[1]}
        async with request.app.state.pool.connection() as connection:
            row = await (await connection.execute(BY_HAND, asked)).fetchone()
        return Response(row[0], media_type="application/json")

    return app


def fixed() -> Asgi:
    """The raw limit: the server alone, which answers the same bytes whatever is asked."""
    body = Path(os.environ["PEER_BODY"]).read_bytes()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app

"""What writes are compared with: the same rows by the ORM, and by one hand-written statement.

Each is the least that a FastAPI application can be which checks the token, reads the session, judges whether the
comment or reply is in time, writes it with a row of a log and answers the whole thing, in one durable transaction; none
knows scopes, idempotency, a sealed log, posts or row-level security.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel
from reads_apps import POOL, URL, Claimed, MeetingOut, Reply
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, selectinload

from app.identity.models import Account, LoginSession
from app.meetings.models import Meeting, MeetingReply, MeetingStatus, ReplyKind
from app.members.models import Member
from app.resolutions.models import Resolution, ResolutionComment, ResolutionStatus


class PeerBase(DeclarativeBase):
    """The peers' own table."""


class PeerLog(PeerBase):
    """That somebody did something."""

    __tablename__ = "peer_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    organisation_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    member_id: Mapped[UUID]
    happened_at: Mapped[datetime]


class CommentIn(BaseModel):
    """A comment on a whole draft."""

    version: int
    body: str


class ReplyIn(BaseModel):
    """Whether one comes."""

    reply: ReplyKind
    reason: str | None = None


class Author(BaseModel):
    """Who wrote it."""

    member_id: UUID
    full_name: str


class CommentOut(BaseModel):
    """A comment as the product answers it."""

    id: UUID
    resolution_id: UUID
    version: int
    paragraph_id: UUID | None = None
    paragraph_position: int | None = None
    paragraph_text: str | None = None
    paragraph_text_now: str | None = None
    paragraph_changed: bool = False
    body: str
    author: Author
    support_count: int = 0
    my_support: bool = False
    answer: None = None
    created_at: datetime
    edited_at: datetime | None = None


def _log(code: str, member: Member, subject_id: UUID, now: datetime) -> PeerLog:
    return PeerLog(
        code=code,
        organisation_id=member.organisation_id,
        subject_id=subject_id,
        member_id=member.id,
        happened_at=now,
    )


def orm() -> FastAPI:
    """Entities of SQLAlchemy's ORM, through Pydantic models."""
    engine = create_async_engine(URL, pool_size=POOL, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = FastAPI()

    async def unit() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    Unit = Annotated[AsyncSession, Depends(unit)]  # noqa: N806 a type

    async def caller(session: Unit, claimed: Claimed) -> Member:
        account = await session.get_one(Account, claimed[0])
        live = await session.get_one(LoginSession, claimed[1])
        assert live.revoked_at is None
        return await session.get_one(Member, account.member_id)

    Caller = Annotated[Member, Depends(caller)]  # noqa: N806 a type

    @app.post("/v1/resolutions/{resolution_id}/comments", status_code=201)
    async def comment(session: Unit, member: Caller, resolution_id: UUID, body: CommentIn) -> CommentOut:
        now = datetime.now(UTC)
        resolution = await session.get(Resolution, resolution_id)
        if resolution is None or resolution.organisation_id != member.organisation_id:
            raise HTTPException(404)
        if resolution.status_at(now) is not ResolutionStatus.open:
            raise HTTPException(409)
        made = ResolutionComment(
            id=uuid4(),
            resolution_id=resolution.id,
            version=body.version,
            author_id=member.id,
            body=body.body,
            created_at=now,
        )
        session.add_all([made, _log("resolutions.commented", member, made.id, now)])
        await session.commit()
        return CommentOut(
            id=made.id,
            resolution_id=made.resolution_id,
            version=made.version,
            body=made.body,
            author=Author(member_id=member.id, full_name=member.full_name),
            created_at=made.created_at,
        )

    @app.put("/v1/meetings/{meeting_id}/reply")
    async def reply(session: Unit, member: Caller, meeting_id: UUID, body: ReplyIn) -> MeetingOut:
        now = datetime.now(UTC)
        meeting = await session.scalar(
            select(Meeting).where(Meeting.id == meeting_id).options(selectinload(Meeting.agenda))
        )
        if meeting is None or meeting.organisation_id != member.organisation_id:
            raise HTTPException(404)
        if meeting.status is not MeetingStatus.announced or meeting.starts_at <= now:
            raise HTTPException(409)
        said = await session.get(MeetingReply, (meeting.id, member.id))
        if said is None:
            said = MeetingReply(meeting_id=meeting.id, member_id=member.id)
            session.add(said)
        said.reply, said.reason, said.replied_at = body.reply, body.reason, now
        said.schedule_version, said.entered_by = meeting.schedule_version, member.id
        session.add(_log("meetings.replied", member, meeting.id, now))
        await session.commit()
        answer = MeetingOut.model_validate(meeting)
        answer.my_reply = Reply.model_validate(said)
        return answer

    return app


ME = """
WITH me AS MATERIALIZED (
    SELECT members.id, members.organisation_id, members.full_name
    FROM sessions
    JOIN accounts ON accounts.id = sessions.account_id
    JOIN members ON members.id = accounts.member_id
    WHERE sessions.id = %(session)s AND accounts.id = %(account)s AND revoked_at IS NULL AND expires_at > now()
)"""
COMMENT = f"""{ME}, made AS (
    INSERT INTO resolution_comments (id, resolution_id, version, author_id, body, created_at)
    SELECT gen_random_uuid(), resolutions.id, %(version)s, me.id, %(body)s, now()
    FROM me JOIN resolutions USING (organisation_id)
    WHERE resolutions.id = %(resolution)s AND status = 'open' AND comments_until > now()
    RETURNING *
), logged AS (
    INSERT INTO peer_log (code, organisation_id, subject_id, member_id, happened_at)
    SELECT 'resolutions.commented', me.organisation_id, made.id, me.id, now() FROM me, made
)
SELECT json_build_object(
    'id', made.id, 'resolution_id', resolution_id, 'version', version, 'paragraph_id', paragraph_id,
    'paragraph_position', null, 'paragraph_text', null, 'paragraph_text_now', null, 'paragraph_changed', false,
    'body', body, 'author', json_build_object('member_id', me.id, 'full_name', me.full_name), 'support_count', 0,
    'my_support', false, 'answer', null, 'created_at', created_at, 'edited_at', edited_at
)::text FROM me, made
"""  # noqa: S608 our own text
REPLY = f"""{ME}, meeting AS MATERIALIZED (
    SELECT meetings.* FROM me JOIN meetings USING (organisation_id)
    WHERE meetings.id = %(meeting)s AND status = 'announced' AND starts_at > now()
), said AS (
    INSERT INTO meeting_replies (meeting_id, member_id, reply, reason, schedule_version, entered_by, replied_at)
    SELECT meeting.id, me.id, %(reply)s, %(reason)s, schedule_version, me.id, now() FROM me, meeting
    ON CONFLICT (meeting_id, member_id) DO UPDATE SET reply = excluded.reply, reason = excluded.reason,
        schedule_version = excluded.schedule_version, entered_by = excluded.entered_by,
        replied_at = excluded.replied_at
    RETURNING *
), logged AS (
    INSERT INTO peer_log (code, organisation_id, subject_id, member_id, happened_at)
    SELECT 'meetings.replied', me.organisation_id, meeting_id, me.id, now() FROM me, said
)
SELECT json_build_object(
    'id', meeting.id, 'organisation_id', organisation_id, 'kind', kind, 'status', status, 'title', title,
    'starts_at', starts_at, 'ends_at', ends_at, 'time_zone', time_zone, 'place', place, 'online_url', online_url,
    'reason', meeting.reason, 'version', version, 'schedule_version', meeting.schedule_version,
    'started_at', started_at, 'ended_at', ended_at, 'chair_id', chair_id, 'minute_taker_id', minute_taker_id,
    'rule_set', rule_set,
    'agenda', (SELECT coalesce(json_agg(json_build_object(
            'position', position, 'title', title, 'minutes', minutes, 'presenter', presenter, 'body', body
        ) ORDER BY position), '[]') FROM agenda_items WHERE meeting_id = meeting.id),
    'my_reply', json_build_object(
        'reply', said.reply, 'reason', said.reason, 'replied_at', replied_at, 'entered_by', entered_by)
)::text FROM meeting, said
"""  # noqa: S608 our own text


def driver() -> FastAPI:
    """The driver's pool and one statement, which is a transaction of its own; PostgreSQL makes the JSON."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        options = {"autocommit": True}
        async with AsyncConnectionPool(
            URL.replace("+psycopg", ""), kwargs=options, min_size=POOL, max_size=POOL
        ) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    async def asked(request: Request, statement: str, status: int, **values: object) -> Response:
        async with request.app.state.pool.connection() as connection:
            row = await (await connection.execute(statement, values)).fetchone()
        if row is None:
            raise HTTPException(409)
        return Response(row[0], status_code=status, media_type="application/json")

    @app.post("/v1/resolutions/{resolution_id}/comments", status_code=201)
    async def comment(request: Request, claimed: Claimed, resolution_id: UUID, body: CommentIn) -> Response:
        account, session = claimed
        return await asked(
            request, COMMENT, 201, account=account, session=session, resolution=resolution_id, **body.model_dump()
        )

    @app.put("/v1/meetings/{meeting_id}/reply")
    async def reply(request: Request, claimed: Claimed, meeting_id: UUID, body: ReplyIn) -> Response:
        account, session = claimed
        return await asked(
            request, REPLY, 200, account=account, session=session, meeting=meeting_id, **body.model_dump(mode="json")
        )

    return app

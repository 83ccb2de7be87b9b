"""Reads of identity: the one query that makes the Actor, one's own account, sessions and devices."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    exists,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import aliased

from app.identity.access import PlacedPost
from app.identity.errors import SessionNotFound
from app.identity.models import Device, LoginSession
from app.identity.schemas import (
    DeviceView,
    Me,
    MyPost,
    SessionList,
    SessionView,
)
from app.kernel import context
from app.kernel.db import Session
from app.kernel.security import Actor, HeldPost, PostKind, Reader, TokenInvalid
from app.kernel.tokens import TokenKeys, TokenRefused
from app.members.models import FINAL, AwayPeriod, Member, Post, Standing, StandingKind
from app.members.queries import Day
from app.organisations.models import Organisation
from app.organisations.schemas import OrganisationRef

_ENTER = (
    text("SELECT * FROM enter_as(:account_id, :session_id, :moment, :today, :unproven)")
    .bindparams(
        bindparam("account_id", type_=Uuid()),
        bindparam("session_id", type_=Uuid()),
        bindparam("moment", type_=DateTime(timezone=True)),
        bindparam("today", type_=Date()),
        bindparam("unproven", type_=ARRAY(Text())),
    )
    .columns(
        member_id=Uuid(),
        organisation_id=Uuid(),
        path=ARRAY(Uuid()),
        time_zone=Text(),
        kinds=ARRAY(Text()),
        organisations=ARRAY(Uuid()),
        inherited_kinds=ARRAY(Text()),
        inherited_from=ARRAY(Uuid()),
        ended=ARRAY(Uuid()),
        asking=JSONB(),
    )
)
"""The function knows what only the owner of the tables may read before it is known who asks."""


def is_active(today: Day) -> ColumnElement[bool]:
    """Say, for a joined `members` row, that no final standing holds: who left sees nothing from that day on."""
    return ~exists().where(
        Standing.member_id == Member.id,
        Standing.kind.in_(FINAL),
        # A transfer ends the membership of the branch it was from, not of the one it went to.
        or_(Standing.kind != StandingKind.transferred, Standing.organisation_id == Member.organisation_id),
        Standing.starts_on <= today,
        or_(Standing.ends_on.is_(None), Standing.ends_on >= today),
    )


def away_zone(today: Day) -> Select[str]:
    """Select, for a joined `members` row, the zone of the place they are away at; nothing for who is at home."""
    return (
        select(AwayPeriod.time_zone)
        .where(
            AwayPeriod.member_id == Member.id,
            AwayPeriod.starts_on <= today,
            or_(AwayPeriod.ends_on.is_(None), AwayPeriod.ends_on >= today),
        )
        .order_by(AwayPeriod.starts_on.desc())
        .limit(1)
    )


async def authenticate(
    session: Session, token: str, *, keys: TokenKeys, second_factor_of: Collection[PostKind] = ()
) -> Actor:
    """Turn a bearer token into its Actor; raises TokenInvalid, which never says what was wrong with it.

    Posts of the kinds `second_factor_of` are not held by whoever has no second factor: such a person is a plain member
    until they have one.
    """
    refusal = TokenInvalid(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    try:
        claims = keys.verify(token, now=session.now())
    except TokenRefused:
        raise refusal from None
    actor = await find_actor(session, session_id=claims.sid, account_id=claims.sub, second_factor_of=second_factor_of)
    if actor is None:
        raise refusal
    return actor


async def find_actor(
    session: Session, *, session_id: UUID, account_id: UUID, second_factor_of: Collection[PostKind] = ()
) -> Actor | None:
    """Load, in one query, all that a request is judged by; None when the session, the account or the membership ended.

    Nothing of it is cached: a session revoked or a post lost bites on the next request. The transaction knows from now
    on who asks (`kernel.context`).
    """
    row = await _enter(session, account_id, session_id=session_id, second_factor_of=second_factor_of)
    if row is None:
        return None
    return Actor(account_id=account_id, session_id=session_id, **_known_of(row))


async def find_reader(session: Session, account_id: UUID) -> Reader | None:
    """Load the member behind an account, for what is read without a sign-in; None when account or membership ended."""
    row = await _enter(session, account_id)
    return None if row is None else Reader(**_known_of(row))


async def _enter(
    session: Session, account_id: UUID, *, session_id: UUID | None = None, second_factor_of: Collection[PostKind] = ()
) -> Row[Any] | None:
    # Any: a row of many columns.
    asked = {
        "account_id": account_id,
        "session_id": session_id,
        "moment": session.now(),
        "today": session.today(),
        "unproven": sorted(second_factor_of),
    }
    row = (await session.execute(_ENTER, asked)).one_or_none()
    if row is not None:
        context.keep(session.sync_session, row.asking)
    return row


def _known_of(row: Row[Any]) -> dict[str, Any]:
    return {
        "member_id": row.member_id,
        "organisation_id": row.organisation_id,
        "path": tuple(row.path),
        "posts": _held(row.kinds, row.organisations),
        "time_zone": row.time_zone,
        "ended": tuple(row.ended),
        "inherited": _held(row.inherited_kinds, row.inherited_from),
    }


def _held(kinds: Sequence[str], organisations: Sequence[UUID]) -> tuple[HeldPost, ...]:
    held = zip(kinds, organisations, strict=True)
    return tuple(HeldPost(kind=PostKind(kind), organisation_id=organisation) for kind, organisation in held)


async def get_me(session: Session, actor: Actor) -> Me:
    """Return the person signed in, with the posts they hold today."""
    today = session.today()
    me = (
        await session.execute(
            select(
                Member.full_name,
                Organisation.id,
                Organisation.name,
                away_zone(today).exists().label("away"),
            )
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(Member.id == actor.member_id)
        )
    ).one()
    named = await session.execute(
        select(Organisation.id, Organisation.name).where(
            Organisation.id.in_({post.organisation_id for post in actor.posts})
        )
    )
    names = {row.id: row.name for row in named}
    return Me(
        account_id=actor.account_id,
        member_id=actor.member_id,
        full_name=me.full_name,
        organisation=OrganisationRef(id=me.id, name=me.name),
        posts=[
            MyPost(
                kind=post.kind, organisation=OrganisationRef(id=post.organisation_id, name=names[post.organisation_id])
            )
            for post in actor.posts
        ],
        time_zone=actor.time_zone,
        away=me.away,
    )


async def list_my_sessions(session: Session, actor: Actor) -> SessionList:
    """Return one's own open sessions, the latest used first, and one a phone, even if it signed in twice at once."""
    one_a_phone = (
        select(LoginSession)
        .where(_is_open_session_of(session, actor))
        .ext(distinct_on(LoginSession.installation_id))
        .order_by(
            LoginSession.installation_id,
            (LoginSession.id == actor.session_id).desc(),
            LoginSession.last_used_at.desc(),
            LoginSession.id.desc(),
        )
        .subquery()
    )
    shown = aliased(LoginSession, one_a_phone)
    rows = await session.scalars(select(shown).order_by(shown.last_used_at.desc(), shown.id.desc()).limit(100))
    items = [
        SessionView(
            id=row.id,
            installation_id=row.installation_id,
            platform=row.platform,
            device_name=row.device_name,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            current=row.id == actor.session_id,
        )
        for row in rows
    ]
    return SessionList(items=items, next_cursor=None)


async def get_my_session(session: Session, actor: Actor, session_id: UUID) -> LoginSession:
    """Return one of one's own open sessions; raises SessionNotFound."""
    found = await session.scalar(
        select(LoginSession).where(_is_open_session_of(session, actor), LoginSession.id == session_id)
    )
    if found is None:
        raise SessionNotFound
    return found


def _is_open_session_of(session: Session, actor: Actor) -> ColumnElement[bool]:
    return and_(
        LoginSession.account_id == actor.account_id,
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > session.now(),
    )


async def find_placed_posts(session: Session, member_id: UUID) -> list[PlacedPost]:
    """Return what a member holds today or will, each with the path to where."""
    rows = await session.execute(
        select(Post.kind, Organisation.path)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.member_id == member_id, or_(Post.ends_on.is_(None), Post.ends_on >= session.today()))
    )
    return [(row.kind, tuple(row.path)) for row in rows]


def view_device(device: Device) -> DeviceView:
    """Return what is shown of a device: all but the token."""
    return DeviceView(
        installation_id=device.installation_id,
        platform=device.platform,
        locale=device.locale,
        time_zone=device.time_zone,
        app_version=device.app_version,
        has_push_token=device.push_token is not None,
        updated_at=device.updated_at,
    )

"""Reads of identity: the one query that makes the Actor, one's own account, sessions and devices."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased

from app.identity.errors import SessionNotFound
from app.identity.models import Account, Device, LoginSession, SecondFactor
from app.identity.schemas import (
    DeviceView,
    Me,
    MyPost,
    SessionList,
    SessionView,
)
from app.kernel.db import Session
from app.kernel.security import ORGANISERS, Actor, HeldPost, PostKind, Reader, TokenInvalid
from app.kernel.tokens import TokenKeys, TokenRefused
from app.members.models import FINAL, MEMBERSHIP, AwayPeriod, Member, Standing, StandingKind
from app.members.posts.models import Post
from app.members.queries import Day
from app.organisations.models import Organisation
from app.organisations.schemas import OrganisationRef


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
    actor = await find_actor(session, session_id=claims.sid, account_id=claims.sub)
    if actor is None:
        raise refusal
    if any(post.kind in second_factor_of for post in actor.posts) and not await _has_second_factor(session, actor):
        return replace(actor, posts=tuple(post for post in actor.posts if post.kind not in second_factor_of))
    return actor


async def _has_second_factor(session: Session, actor: Actor) -> bool:
    confirmed = select(SecondFactor.account_id).where(
        SecondFactor.account_id == actor.account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return bool(await session.scalar(select(confirmed.exists())))


async def find_actor(session: Session, *, session_id: UUID, account_id: UUID) -> Actor | None:
    """Load, in one query, all that a request is judged by; None when the session, the account or the membership ended.

    Nothing of it is cached: a session revoked or a post lost bites on the next request.
    """
    asked = {"session_id": session_id, "account_id": account_id, "now": session.now(), "today": session.today()}
    row = (await session.execute(_select_actor(), asked)).one_or_none()
    if row is None:
        return None
    return Actor(
        account_id=account_id,
        session_id=session_id,
        member_id=row.id,
        organisation_id=row.organisation_id,
        path=tuple(row.path),
        posts=_held(row.kinds, row.organisations),
        time_zone=row.time_zone,
        ended=tuple(row.ended),
        inherited=_held(row.inherited_kinds, row.inherited_from),
    )


async def find_reader(session: Session, account_id: UUID) -> Reader | None:
    """Load the member behind an account, for what is read without a sign-in; None when account or membership ended."""
    asked = {"account_id": account_id, "today": session.today()}
    row = (await session.execute(_select_reader(), asked)).one_or_none()
    if row is None:
        return None
    return Reader(
        member_id=row.id,
        organisation_id=row.organisation_id,
        path=tuple(row.path),
        posts=_held(row.kinds, row.organisations),
        time_zone=row.time_zone,
        ended=tuple(row.ended),
        inherited=_held(row.inherited_kinds, row.inherited_from),
    )


@cache  # every request asks it, and writing it down takes as long as the database needs
def _select_actor() -> Select[Any]:
    return (
        _select_readers()
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(
            LoginSession.id == bindparam("session_id"),
            LoginSession.account_id == bindparam("account_id"),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > bindparam("now"),
        )
    )


@cache
def _select_reader() -> Select[Any]:
    return _select_readers().where(Account.id == bindparam("account_id"))


def _select_readers() -> Select[Any]:
    # Any: a row of many columns.
    today = bindparam("today", type_=Date)
    posts = (
        select(
            func.array_agg(aggregate_order_by(Post.kind, Post.id)).label("kinds"),
            func.array_agg(aggregate_order_by(Post.organisation_id, Post.id)).label("organisations"),
        )
        .where(
            Post.member_id == Member.id,
            Post.starts_on <= today,
            or_(Post.ends_on.is_(None), Post.ends_on >= today),
        )
        .lateral("held")
    )
    ended, organised = aliased(Organisation), aliased(Post)
    inherited = (
        select(
            func.array_agg(aggregate_order_by(organised.kind, organised.id, ended.id)).label("kinds"),
            func.array_agg(aggregate_order_by(ended.id, organised.id, ended.id)).label("organisations"),
        )
        .join(ended, ended.successor_id == organised.organisation_id)
        .where(
            organised.member_id == Member.id,
            organised.kind.in_(ORGANISERS),
            organised.starts_on <= today,
            or_(organised.ends_on.is_(None), organised.ends_on >= today),
        )
        .lateral("inherited")
    )
    left = aliased(Organisation)
    until_the_end = (
        select(func.unnest(left.ended_above.op("||")(left.id)))
        .join(Standing, Standing.organisation_id == left.id)
        .where(
            Standing.member_id == Member.id,
            Standing.kind.in_(MEMBERSHIP),
            left.successor_id.is_not(None),
            Standing.ends_on == left.valid_until,
        )
    )
    of_former_branches = func.array(until_the_end.scalar_subquery(), type_=ARRAY(Uuid))
    return (
        select(
            Member.id,
            Member.organisation_id,
            Organisation.path,
            func.coalesce(away_zone(today).scalar_subquery(), Organisation.time_zone).label("time_zone"),
            posts.c.kinds,
            posts.c.organisations,
            inherited.c.kinds.label("inherited_kinds"),
            inherited.c.organisations.label("inherited_from"),
            Organisation.ended_above.op("||")(of_former_branches).label("ended"),
        )
        .select_from(Account)
        .join(Member, Member.id == Account.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .join(posts, true())
        .join(inherited, true())
        .where(Account.disabled_at.is_(None), is_active(today))
    )


def _held(kinds: Sequence[str] | None, organisations: Sequence[UUID] | None) -> tuple[HeldPost, ...]:
    held = zip(kinds or (), organisations or (), strict=True)
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
    """Return one's own open sessions, the latest used first."""
    rows = await session.scalars(
        select(LoginSession)
        .where(_is_open_session_of(session, actor))
        .order_by(LoginSession.last_used_at.desc(), LoginSession.id.desc())
        .limit(100)
    )
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

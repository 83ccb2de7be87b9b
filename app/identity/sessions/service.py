"""Commands of the session: begin, refresh and end it."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, exists, select, update

from app.identity import credentials, queries
from app.identity.errors import RefreshRefused
from app.identity.events import RefreshTokenReused, SignedIn, SignedInOnNewDevice, SignedOut
from app.identity.keyring import Keyring
from app.identity.models import Account, Device, LoginSession, RefreshToken
from app.identity.schemas import Installation, Refresh, Tokens
from app.kernel.context import Door, knock
from app.kernel.db import Session
from app.kernel.events import Event, record
from app.kernel.jobs import Lane, defer
from app.kernel.security import Actor
from app.kernel.tokens import LIFETIME
from app.members.models import Member

log = structlog.get_logger()

SESSION_LIFETIME = timedelta(days=180)
SESSION_IDLE = timedelta(days=30)
RETRY_WINDOW = timedelta(seconds=60)
SILENCE_TASK = "identity.silence_phones"
TOLD_FOR = timedelta(hours=1)
"""So long after somebody was let in anew every phone of the account may still be told of it."""
LONGEST_SIGN_IN = timedelta(seconds=10)
"""So long a sign-in may still be at work, or its answer on its way, when the phone tries again."""


async def begin_session(
    session: Session, account: Account, organisation_id: UUID, installation: Installation, *, keyring: Keyring
) -> Tokens:
    """Open a session, and end the one that this installation had.

    A phone whose answer was lost signs in again while the first request may still be at work, on another process: which
    of the two came first nobody can tell. So one that is only seconds old stays, until the phone goes on with one of
    them, which ends the other. On a phone that is new to an account the owner is told; the phone of the first sign-in
    is new to nobody.
    """
    now = session.now()
    await session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    is_new_device = await _is_new_device(session, account.id, installation.installation_id)
    await session.execute(
        update(LoginSession)
        .where(
            LoginSession.account_id == account.id,
            LoginSession.installation_id == installation.installation_id,
            LoginSession.revoked_at.is_(None),
            # One from long after now is of a clock that was put back.
            ~LoginSession.created_at.between(now - LONGEST_SIGN_IN, now + LONGEST_SIGN_IN),
        )
        .values(revoked_at=now)
    )
    login = LoginSession(
        id=session.new_id(),
        account_id=account.id,
        installation_id=installation.installation_id,
        platform=installation.platform,
        device_name=installation.device_name,
        last_used_at=now,
        expires_at=now + SESSION_LIFETIME,
        created_at=now,
    )
    session.add(login)
    await session.flush()  # the token's foreign key needs the session
    token = credentials.new_refresh_token()
    session.add(RefreshToken(token_hash=credentials.token_hash(token), session_id=login.id, created_at=now))
    await record(session, _signed_in(login, account.member_id, organisation_id, is_new_device=is_new_device))
    return _tokens(session, account.id, login.id, token, keyring=keyring)


async def _is_new_device(session: Session, account_id: UUID, installation_id: UUID) -> bool:
    had = select(LoginSession.id).where(LoginSession.account_id == account_id)
    asked = select(had.exists() & ~had.where(LoginSession.installation_id == installation_id).exists())
    return bool(await session.scalar(asked))


def _signed_in(login: LoginSession, member_id: UUID, organisation_id: UUID, *, is_new_device: bool) -> Event:
    if is_new_device:
        return SignedInOnNewDevice(
            organisation_id=organisation_id,
            subject_id=login.id,
            actor_member_id=member_id,
            member_id=member_id,
            installation_id=login.installation_id,
            device_name=login.device_name,
        )
    return SignedIn(
        organisation_id=organisation_id,
        subject_id=login.id,
        actor_member_id=member_id,
        installation_id=login.installation_id,
    )


async def refresh(session: Session, body: Refresh, *, keyring: Keyring) -> Tokens:
    """Change a refresh token for a new pair.

    A lost answer must not sign anybody out: the same token within 60 s, while its child is unused, gets the same
    child again. Any other second use is a stolen token: the family ends, its owner is told, RefreshRefused is raised.
    """
    now = session.now()
    parent_hash = credentials.token_hash(body.refresh_token)
    await knock(session, Door.refresh_token, parent_hash.hex())
    row = (
        await session.execute(
            select(RefreshToken, LoginSession, Account, Member.organisation_id)
            .join(LoginSession, LoginSession.id == RefreshToken.session_id)
            .join(Account, Account.id == LoginSession.account_id)
            .join(Member, Member.id == Account.member_id)
            .where(
                RefreshToken.token_hash == parent_hash,
                LoginSession.revoked_at.is_(None),
                LoginSession.expires_at > now,
                Account.disabled_at.is_(None),
                queries.is_active(session.today()),
            )
            .with_for_update(of=LoginSession)  # two refreshes at once: the second sees what the first did
        )
    ).one_or_none()
    if row is None:
        raise RefreshRefused
    parent: RefreshToken = row.RefreshToken
    login: LoginSession = row.LoginSession
    await session.refresh(parent)  # as it is now that the lock is held
    if parent.created_at + SESSION_IDLE <= now:
        raise RefreshRefused
    same_phone = body.installation_id is None or body.installation_id == login.installation_id
    if parent.used_at is None and same_phone:
        child = credentials.new_refresh_token()
        parent.used_at, parent.child_hash = now, credentials.token_hash(child)
        parent.sealed_child = credentials.seal_child(body.refresh_token, child)
        session.add(RefreshToken(token_hash=parent.child_hash, session_id=login.id, created_at=now))
        if login.last_used_at <= login.created_at + LONGEST_SIGN_IN:  # since then another may have been begun
            await _end_siblings(session, login)
        login.last_used_at = now
        # The parent's own parent can no longer be retried: its child, this parent, has been used.
        await session.execute(
            update(RefreshToken).where(RefreshToken.child_hash == parent_hash).values(sealed_child=None)
        )
        return _tokens(session, login.account_id, login.id, child, keyring=keyring)
    if (
        same_phone
        and parent.used_at is not None
        and parent.sealed_child is not None
        and now - parent.used_at <= RETRY_WINDOW
    ):
        child = credentials.open_child(body.refresh_token, parent.sealed_child)
        return _tokens(session, login.account_id, login.id, child, keyring=keyring)
    fact = RefreshTokenReused(
        organisation_id=row.organisation_id,
        subject_id=login.id,
        actor_member_id=None,
        member_id=row.Account.member_id,
        device_name=login.device_name,
    )
    await session.rollback()  # gives back the lock that the next unit of work needs
    async with keyring.independently() as apart:
        await knock(apart, Door.refresh_token, parent_hash.hex())
        ended = await apart.scalar(
            update(LoginSession)
            .where(LoginSession.id == fact.subject_id, LoginSession.revoked_at.is_(None))
            .values(revoked_at=apart.now())
            .returning(LoginSession.id)
        )
        if ended is not None:  # of several replays at once, one tells the owner
            await record(apart, fact)
            log.warning("refresh_token_reused", session_id=str(fact.subject_id))
    raise RefreshRefused


async def _end_siblings(session: Session, login: LoginSession) -> None:
    """End what else was begun when this session was: the phone never got those tokens."""
    await session.execute(
        update(LoginSession)
        .where(
            LoginSession.account_id == login.account_id,
            LoginSession.installation_id == login.installation_id,
            LoginSession.id != login.id,
            LoginSession.revoked_at.is_(None),
            LoginSession.created_at <= login.created_at + LONGEST_SIGN_IN,
        )
        .values(revoked_at=session.now())
    )


async def sign_out(session: Session, actor: Actor) -> None:
    """End this installation's sessions and stop pushing to it."""
    login = await queries.get_my_session(session, actor, actor.session_id)
    await end_sessions(session, actor.account_id, LoginSession.installation_id == login.installation_id)
    await record(
        session,
        SignedOut(organisation_id=actor.organisation_id, subject_id=login.id, actor_member_id=actor.member_id),
    )


async def end_other_sessions(session: Session, actor: Actor) -> None:
    """End every session of the account but the one asking."""
    await end_sessions(session, actor.account_id, LoginSession.id != actor.session_id)


async def end_session(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of one's own sessions, with all of its installation; raises SessionNotFound."""
    login = await queries.get_my_session(session, actor, session_id)
    await end_sessions(session, actor.account_id, LoginSession.installation_id == login.installation_id)


async def end_sessions(session: Session, account_id: UUID, *which: ColumnElement[bool]) -> None:
    """End the account's open sessions, or those of them that are meant; their installations get no more pushes."""
    await _revoke(session, account_id, *which)
    await silence_phones(session, account_id)


async def end_sessions_but_tell(session: Session, account_id: UUID) -> None:
    """End every session of an account that somebody is let into anew, who may be somebody else.

    Its phones can still be told of it; an hour later those that have not signed in again are pushed to no more.
    """
    await _revoke(session, account_id)
    at = session.now() + TOLD_FOR
    await defer(session, SILENCE_TASK, {"account_id": str(account_id)}, lane=Lane.bulk, schedule_at=at)


async def _revoke(session: Session, account_id: UUID, *which: ColumnElement[bool]) -> None:
    await session.execute(
        update(LoginSession)
        .where(LoginSession.account_id == account_id, LoginSession.revoked_at.is_(None), *which)
        .values(revoked_at=session.now())
    )


async def silence_phones(session: Session, account_id: UUID) -> None:
    """Stop pushing to the account's installations that no open session belongs to, such as a phone that was lost.

    Not only to those of the sessions that ended: somebody may have registered a second one under a made-up id.
    """
    is_signed_in = exists().where(
        LoginSession.account_id == account_id,
        LoginSession.installation_id == Device.installation_id,
        LoginSession.revoked_at.is_(None),
    )
    await session.execute(
        update(Device)
        .where(Device.account_id == account_id, Device.push_token.is_not(None), ~is_signed_in)
        .values(push_token=None, updated_at=session.now())
    )


def _tokens(session: Session, account_id: UUID, session_id: UUID, refresh_token: str, *, keyring: Keyring) -> Tokens:
    now: datetime = session.now()
    return Tokens(
        access_token=keyring.keys.issue(
            account_id=account_id, session_id=session_id, token_id=session.new_id(), now=now
        ),
        token_type="Bearer",  # noqa: S106 the scheme's name (RFC 6750), not a secret
        expires_in=int(LIFETIME.total_seconds()),
        refresh_token=refresh_token,
    )

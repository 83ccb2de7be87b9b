"""Commands of identity: activate, sign in, refresh, sign out, change the password, register a device."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, delete, exists, select, update

from app.identity import access, credentials, queries
from app.identity.errors import (
    ActivationRefused,
    CredentialsRefused,
    MemberHasNoPhone,
    MembershipEnded,
    PasswordTooCommon,
    RefreshRefused,
)
from app.identity.events import (
    AccountActivated,
    ActivationCodeIssued,
    PasswordChanged,
    RefreshTokenReused,
    SignedIn,
    SignedOut,
)
from app.identity.keyring import Keyring
from app.identity.models import Account, ActivationCode, Device, LoginSession, RefreshToken
from app.identity.schemas import (
    Activation,
    ActivationCodeView,
    Installation,
    PasswordChange,
    Refresh,
    SignIn,
    Tokens,
)
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.passwords import is_common
from app.kernel.phones import parse_phone
from app.kernel.security import Actor
from app.kernel.tokens import LIFETIME
from app.members.models import Member
from app.members.queries import get_visible_member

log = structlog.get_logger()

CODE_LIFETIME = timedelta(days=7)
CODE_TRIES = 5
SESSION_LIFETIME = timedelta(days=180)
SESSION_IDLE = timedelta(days=30)
RETRY_WINDOW = timedelta(seconds=60)
LONGEST_SIGN_IN = timedelta(seconds=60)


async def issue_activation_code(
    session: Session, actor: Actor, member_id: UUID, *, keyring: Keyring
) -> ActivationCodeView:
    """Make a code that lets a member choose a password, the first time or after the old one was lost.

    Codes issued before stop working. Raises MemberNotFound, NotForYourPost, MemberHasNoPhone, MembershipEnded.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_code_issuer(actor, path)
    return await hand_out_code(session, member, issued_by=actor.member_id, keyring=keyring)


async def hand_out_code(
    session: Session, member: Member, *, issued_by: UUID | None, keyring: Keyring
) -> ActivationCodeView:
    """Write a new code for a member; `issued_by` None is the operator at the server's own console."""
    if member.phone is None:
        raise MemberHasNoPhone
    active = await session.scalar(select(Member.id).where(Member.id == member.id, queries.is_active(session.today())))
    if active is None:
        raise MembershipEnded
    code = credentials.new_code()
    await session.execute(delete(ActivationCode).where(ActivationCode.member_id == member.id))
    row = ActivationCode(
        id=session.new_id(),
        member_id=member.id,
        selector=code.selector,
        secret_hash=await keyring.passwords.hash(code.secret),
        expires_at=session.now() + CODE_LIFETIME,
        issued_by=issued_by,
        created_at=session.now(),
    )
    session.add(row)
    await record(
        session,
        ActivationCodeIssued(organisation_id=member.organisation_id, subject_id=member.id, actor_member_id=issued_by),
    )
    return ActivationCodeView(activation_code=str(code), expires_at=row.expires_at)


async def activate(session: Session, body: Activation, *, keyring: Keyring) -> Tokens:
    """Take a code, set the password and sign in; every other session of the member ends.

    A wrong, used or expired code and one with five failures raise the same ActivationRefused, after the same work.
    """
    if is_common(body.password):
        raise PasswordTooCommon
    typed = credentials.parse_code(body.activation_code)
    found = None
    if typed is not None:
        # Counted, and committed, before it is judged: a refusal rolls the request back, and tries made at once would
        # all read the same count. The session has asked nothing yet, so this holds no second connection.
        async with keyring.independently() as apart:
            tried = await apart.execute(
                update(ActivationCode)
                .where(
                    ActivationCode.selector == typed.selector,
                    ActivationCode.expires_at > apart.now(),
                    ActivationCode.try_count < CODE_TRIES,
                )
                .values(try_count=ActivationCode.try_count + 1)
                .returning(ActivationCode.id, ActivationCode.member_id, ActivationCode.secret_hash)
            )
            found = tried.one_or_none()
    right = await keyring.passwords.matches(found.secret_hash if found else None, typed.secret if typed else "")
    if found is None or not right:
        raise ActivationRefused
    used = await session.scalar(
        delete(ActivationCode).where(ActivationCode.id == found.id).returning(ActivationCode.member_id)
    )
    member = await session.scalar(
        select(Member).where(Member.id == found.member_id, queries.is_active(session.today()))
    )
    if used is None or member is None or member.phone is None:
        raise ActivationRefused
    password_hash = await keyring.passwords.hash(body.password)
    account = await session.scalar(select(Account).where(Account.member_id == member.id).with_for_update())
    if account is None:
        account = Account(
            id=session.new_id(),
            member_id=member.id,
            password_hash=password_hash,
            created_at=session.now(),
        )
        session.add(account)
    else:
        account.password_hash = password_hash
        await _end_sessions(session, account.id)
    await session.flush()  # the session's foreign key needs the account
    await record(
        session,
        AccountActivated(organisation_id=member.organisation_id, subject_id=account.id, actor_member_id=member.id),
    )
    return await _begin_session(session, account, member.organisation_id, body.installation, keyring=keyring)


async def sign_in(session: Session, body: SignIn, *, keyring: Keyring) -> Tokens:
    """Sign in with phone and password; whatever is wrong, CredentialsRefused comes after the same work."""
    phone = parse_phone(body.phone)
    row = (
        await session.execute(
            select(Account, Member.organisation_id)
            .join(Member, Member.id == Account.member_id)
            .where(
                Member.phone == phone,
                Account.disabled_at.is_(None),
                queries.is_active(session.today()),
            )
        )
    ).one_or_none()
    right = await keyring.passwords.matches(row.Account.password_hash if row else None, body.password)
    if row is None or not right:
        raise CredentialsRefused
    return await _begin_session(session, row.Account, row.organisation_id, body.installation, keyring=keyring)


async def refresh(session: Session, body: Refresh, *, keyring: Keyring) -> Tokens:
    """Change a refresh token for a new pair.

    A lost answer must not sign anybody out: the same token within 60 s, while its child is unused, gets the same
    child again. Any other second use is a stolen token: the family ends, its owner is told, RefreshRefused is raised.
    """
    now = session.now()
    parent_hash = credentials.token_hash(body.refresh_token)
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
                queries.is_active(now.date()),
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


async def sign_out(session: Session, actor: Actor) -> None:
    """End this session and stop pushing to its installation."""
    login = await queries.get_my_session(session, actor, actor.session_id)
    await _end_sessions(session, actor.account_id, LoginSession.id == login.id)
    await record(
        session,
        SignedOut(organisation_id=actor.organisation_id, subject_id=login.id, actor_member_id=actor.member_id),
    )


async def change_password(session: Session, actor: Actor, body: PasswordChange, *, keyring: Keyring) -> None:
    """Set a new password; every other session ends. Raises CredentialsRefused for a wrong present one."""
    account = await session.get_one(Account, actor.account_id, with_for_update=True)
    if not await keyring.passwords.matches(account.password_hash, body.current_password):
        raise CredentialsRefused
    if is_common(body.new_password):
        raise PasswordTooCommon
    account.password_hash = await keyring.passwords.hash(body.new_password)
    await _end_sessions(session, account.id, LoginSession.id != actor.session_id)
    await record(
        session,
        PasswordChanged(organisation_id=actor.organisation_id, subject_id=account.id, actor_member_id=actor.member_id),
    )


async def end_other_sessions(session: Session, actor: Actor) -> None:
    """End every session of the account but the one asking."""
    await _end_sessions(session, actor.account_id, LoginSession.id != actor.session_id)


async def end_session(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of one's own sessions; raises SessionNotFound."""
    login = await queries.get_my_session(session, actor, session_id)
    await _end_sessions(session, actor.account_id, LoginSession.id == login.id)


async def _begin_session(
    session: Session, account: Account, organisation_id: UUID, installation: Installation, *, keyring: Keyring
) -> Tokens:
    """Open a session, and end the one that this installation had.

    A phone whose answer was lost signs in again while the first request may still be at work. Whichever of the two
    commits last, the session of the later request stays: its answer is the one that arrives.
    """
    now = session.now()
    await session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    of_this_phone = (
        LoginSession.account_id == account.id,
        LoginSession.installation_id == installation.installation_id,
        LoginSession.revoked_at.is_(None),
    )
    # Not for ever, should the server's clock have been put back.
    is_later = (LoginSession.created_at > now) & (LoginSession.created_at <= now + LONGEST_SIGN_IN)
    is_overtaken = await session.scalar(select(exists().where(*of_this_phone, is_later)))
    await session.execute(update(LoginSession).where(*of_this_phone, ~is_later).values(revoked_at=now))
    login = LoginSession(
        id=session.new_id(),
        account_id=account.id,
        installation_id=installation.installation_id,
        platform=installation.platform,
        device_name=installation.device_name,
        last_used_at=now,
        expires_at=now + SESSION_LIFETIME,
        revoked_at=now if is_overtaken else None,
        created_at=now,
    )
    session.add(login)
    await session.flush()  # the token's foreign key needs the session
    token = credentials.new_refresh_token()
    session.add(RefreshToken(token_hash=credentials.token_hash(token), session_id=login.id, created_at=now))
    await record(
        session,
        SignedIn(
            organisation_id=organisation_id,
            subject_id=login.id,
            actor_member_id=account.member_id,
            installation_id=installation.installation_id,
        ),
    )
    return _tokens(session, account.id, login.id, token, keyring=keyring)


async def _end_sessions(session: Session, account_id: UUID, *which: ColumnElement[bool]) -> None:
    """End the account's open sessions, or those of them that are meant; their installations get no more pushes."""
    ended = await session.scalars(
        update(LoginSession)
        .where(LoginSession.account_id == account_id, LoginSession.revoked_at.is_(None), *which)
        .values(revoked_at=session.now())
        .returning(LoginSession.installation_id)
    )
    await session.execute(
        update(Device)
        .where(Device.account_id == account_id, Device.installation_id.in_(ended.all()))
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

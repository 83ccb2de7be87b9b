"""Commands of identity: hand out codes, activate, sign in, change the password."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from app.identity import access, credentials, queries
from app.identity.credentials import Code
from app.identity.errors import (
    ActivationRefused,
    CredentialsRefused,
    MemberHasNoPhone,
    MembershipEnded,
    PasswordTooCommon,
)
from app.identity.events import AccountActivated, ActivationCodeIssued, PasswordChanged
from app.identity.keyring import Keyring
from app.identity.models import Account, ActivationCode, LoginSession, SecondFactor
from app.identity.proofs.service import (
    Proof,
    forget_failures,
    forgive,
    prove,
    refuse,
    require_patience,
    somebody,
    somewhere,
)
from app.identity.schemas import Activation, ActivationCodeView, PasswordChange, SignIn, Tokens
from app.identity.sessions.service import begin_session, end_sessions, end_sessions_but_tell
from app.kernel.context import Door, knock
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.ids import least_beside
from app.kernel.passwords import PasswordsBusy, is_common
from app.kernel.phones import parse_phone
from app.kernel.security import Actor
from app.members.errors import StillCandidate
from app.members.models import Member, Post
from app.members.queries import get_visible_member, is_candidate

CODE_LIFETIME = timedelta(days=7)
CODE_TRIES = 5
SELECTOR_DRAWS = 100


async def issue_activation_code(
    session: Session, actor: Actor, member_id: UUID, *, keyring: Keyring
) -> ActivationCodeView:
    """Make a code that lets a member choose a password, the first time or after the old one was lost.

    Codes issued before stop working. Raises MemberNotFound, NotForYourPost, MemberHasNoPhone, MembershipEnded,
    StillCandidate.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_code_issuer(actor, path, await queries.find_placed_posts(session, member.id), member_id=member.id)
    return await hand_out_code(session, member, issued_by=actor.member_id, keyring=keyring)


async def hand_out_code(
    session: Session,
    member: Member,
    *,
    issued_by: UUID | None,
    keyring: Keyring,
    draw: Callable[[], Code] = credentials.new_code,
) -> ActivationCodeView:
    """Write a new code for a member; `issued_by` None is the operator at the server's own console."""
    if member.phone is None:
        raise MemberHasNoPhone
    active = await session.scalar(select(Member.id).where(Member.id == member.id, queries.is_active(session.today())))
    if active is None:
        raise MembershipEnded
    if await is_candidate(session, member):
        raise StillCandidate
    await session.execute(delete(ActivationCode).where(ActivationCode.member_id == member.id))
    code = await _write_code(session, member.id, issued_by=issued_by, keyring=keyring, draw=draw)
    await record(
        session,
        ActivationCodeIssued(organisation_id=member.organisation_id, subject_id=member.id, actor_member_id=issued_by),
    )
    return ActivationCodeView(activation_code=str(code), expires_at=session.now() + CODE_LIFETIME)


async def _write_code(
    session: Session, member_id: UUID, *, issued_by: UUID | None, keyring: Keyring, draw: Callable[[], Code]
) -> Code:
    """Write a code whose selector no other has: with a province's 75,000 codes out, one in eleven would meet another's.

    There are 810,000 selectors, so that one of 100 draws is free though nine in ten be taken.
    """
    secret = draw().secret
    secret_hash = await keyring.passwords.hash(secret)
    for _ in range(SELECTOR_DRAWS):
        code = draw()._replace(secret=secret)
        written = await session.scalar(
            insert(ActivationCode)
            .values(
                id=session.new_id(),
                member_id=member_id,
                selector=code.selector,
                secret_hash=secret_hash,
                expires_at=session.now() + CODE_LIFETIME,
                issued_by=issued_by,
                created_at=session.now(),
            )
            .on_conflict_do_nothing(index_elements=["selector"])
            .returning(ActivationCode.id)
        )
        if written is not None:
            return code
    raise RuntimeError("nearly every selector is taken")


async def activate(session: Session, body: Activation, *, address: str | None = None, keyring: Keyring) -> Tokens:
    """Take a code, set the password and sign in; every other session of the member ends.

    An account that was there is told of the new phone on those it had, which are silenced an hour later.
    A wrong, used or expired code, one with five failures and one from before a post raise the same ActivationRefused,
    after the same work.
    A code replaces the password alone: an account with a second factor still needs it (SecondFactorRequired, -Refused).
    Wrong codes delay their `address` as wrong passwords do, and those of the second factor the account, however many
    codes are handed out for it (SignInDelayed). A try that the server had no time to judge (PasswordsBusy) is none.
    """
    if is_common(body.password):
        raise PasswordTooCommon
    where = somewhere(keyring, address)
    await require_patience(session, [where])
    await session.rollback()  # no connection is held while Argon2 works, or waits for its turn
    typed = credentials.parse_code(body.activation_code)
    found = None
    if typed is not None:
        # Counted, and committed, before it is judged: a refusal rolls the request back, and tries made at once would
        # all read the same count.
        async with keyring.independently() as apart:
            await knock(apart, Door.activation_code, typed.selector)
            tried = await apart.execute(
                update(ActivationCode)
                .where(
                    ActivationCode.selector == typed.selector,
                    ActivationCode.expires_at > apart.now(),
                    ActivationCode.try_count < CODE_TRIES,
                )
                .values(try_count=ActivationCode.try_count + 1)
                .returning(
                    ActivationCode.id,
                    ActivationCode.member_id,
                    ActivationCode.secret_hash,
                )
            )
            found = tried.one_or_none()
    password_hash = None
    try:
        if await keyring.passwords.matches(found.secret_hash if found else None, typed.secret if typed else ""):
            password_hash = await keyring.passwords.hash(body.password)
    except PasswordsBusy:
        if typed is not None and found is not None:
            await _take_back_try(typed, found.id, keyring=keyring)
        raise
    if typed is None or found is None or password_hash is None:
        await refuse(session, ActivationRefused(), [where], keyring=keyring)
    await knock(session, Door.activation_code, typed.selector)
    used = await session.scalar(
        delete(ActivationCode).where(ActivationCode.id == found.id).returning(ActivationCode.member_id)
    )
    # Who issued it might issue it to somebody without the post: its id tells when that was given. One of the same
    # millisecond may have come later, unless the same unit of work gave it first, as `sotay admin` does.
    given_since = Post.id >= least_beside(found.id)
    had_no_post_since = ~exists().where(Post.member_id == Member.id, given_since)
    member = await session.scalar(
        select(Member).where(Member.id == found.member_id, queries.is_active(session.today()), had_no_post_since)
    )
    if used is None or member is None or member.phone is None:
        raise ActivationRefused
    account = await session.scalar(select(Account).where(Account.member_id == member.id))
    if account is None:
        account = Account(
            id=session.new_id(),
            member_id=member.id,
            password_hash=password_hash,
            created_at=session.now(),
        )
        session.add(account)
    else:
        source = somebody(keyring, Proof.activation_code, account.id)
        await require_patience(session, [source])
        await forgive(session, somebody(keyring, Proof.number, member.phone))
        await prove(session, account.id, body.totp_code, [source, where], keyring=keyring)
        # Last, as whoever signs in does: failures, second factor, account.
        await session.refresh(account, with_for_update=True)
        account.password_hash = password_hash
        await end_sessions_but_tell(session, account.id)
    await session.flush()  # the session's foreign key needs the account
    await record(
        session,
        AccountActivated(organisation_id=member.organisation_id, subject_id=account.id, actor_member_id=member.id),
    )
    return await begin_session(session, account, member.organisation_id, body.installation, keyring=keyring)


async def _take_back_try(typed: Code, code_id: UUID, *, keyring: Keyring) -> None:
    """Take back the try that was counted for a code and told nobody anything; what others tried meanwhile stays."""
    async with keyring.independently() as apart:
        await knock(apart, Door.activation_code, typed.selector)
        await apart.execute(
            update(ActivationCode)
            .where(ActivationCode.id == code_id, ActivationCode.try_count > 0)
            .values(try_count=ActivationCode.try_count - 1)
        )


async def sign_in(session: Session, body: SignIn, *, address: str | None = None, keyring: Keyring) -> Tokens:
    """Sign in with phone and password; whatever is wrong, CredentialsRefused comes after the same work.

    From the fifth failure with a number on there are delays (SignInDelayed), whether anybody has the number or not.
    They are not those of the phones on which the account has signed in before: these have counters of their own, so
    that nobody is kept out by a stranger's guesses. `address` is where the request comes from.
    """
    phone = parse_phone(body.phone)
    known = await _find_account(session, phone, body.installation.installation_id)
    who = somebody(keyring, Proof.number, phone or body.phone)
    if known is not None and known.is_own_device:
        who = somebody(keyring, Proof.own_phone, known.id, body.installation.installation_id)
    where = somewhere(keyring, address)
    # Who signs in on a phone of their own does not wait for what others did wrong from the same network.
    sources = [who] if known is not None and known.is_own_device else [who, where]
    await require_patience(session, sources)
    await session.rollback()  # no connection is held while Argon2 works, or waits for its turn
    right = await keyring.passwords.matches(known.password_hash if known else None, body.password)
    account = None
    if known is not None and right:
        # Anything may have happened meanwhile: a new password, an end.
        account = await session.scalar(
            select(Account)
            .join(Member, Member.id == Account.member_id)
            .where(
                Account.id == known.id,
                Account.password_hash == known.password_hash,
                Account.disabled_at.is_(None),
                queries.is_active(session.today()),
            )
        )
    if known is None or account is None:
        await refuse(session, CredentialsRefused(), sources, keyring=keyring)
    await prove(session, account.id, body.totp_code, sources, keyring=keyring)
    # Once more, since a change of the password that is under way ends the sessions it finds: not one that comes after.
    if not await _is_still(session, account.id, Account.password_hash == known.password_hash):
        raise CredentialsRefused
    return await begin_session(session, account, known.organisation_id, body.installation, keyring=keyring)


async def change_password(session: Session, actor: Actor, body: PasswordChange, *, keyring: Keyring) -> None:
    """Set a new password; every other session ends. Raises CredentialsRefused for a wrong present one."""
    proven = await require_password(session, actor, body.current_password, keyring=keyring)
    if is_common(body.new_password):
        raise PasswordTooCommon
    password_hash = await keyring.passwords.hash(body.new_password)
    await hold_proven(session, actor, proven, keyring=keyring)
    account = await session.get_one(Account, actor.account_id)
    account.password_hash = password_hash
    await end_sessions(session, account.id, LoginSession.id != actor.session_id)
    await record(
        session,
        PasswordChanged(organisation_id=actor.organisation_id, subject_id=account.id, actor_member_id=actor.member_id),
    )


async def require_password(session: Session, actor: Actor, password: str, *, keyring: Keyring) -> str:
    """Let pass who knows the password of the account signed in, so that a phone left open gives nothing for good away.

    Return what `hold_proven` asks for before anything is written. Raises CredentialsRefused; SignInDelayed after the
    fifth failure, which delays nobody's signing in. To be asked first: the session begins anew.
    """
    source = somebody(keyring, Proof.signed_in, actor.account_id)
    await require_patience(session, [source])
    password_hash = await session.scalar(select(Account.password_hash).where(Account.id == actor.account_id))
    await session.rollback()  # no connection is held while Argon2 works, or waits for its turn
    if password_hash is None or not await keyring.passwords.matches(password_hash, password):
        await refuse(session, CredentialsRefused(), [source], keyring=keyring)
    return password_hash


async def hold_proven(session: Session, actor: Actor, password_hash: str, *, keyring: Keyring) -> None:
    """Lock the account whose password was proven, and forget the failures; raises CredentialsRefused, SignInDelayed.

    Anything may have happened while Argon2 or a provider was at work: a new password, the end of this session.
    """
    await forget_failures(session, somebody(keyring, Proof.signed_in, actor.account_id))
    await session.get(SecondFactor, actor.account_id, with_for_update=True)  # before the account, as signing in does
    unchanged = await _is_still(session, actor.account_id, Account.password_hash == password_hash)
    is_open = select(LoginSession.id).where(LoginSession.id == actor.session_id, LoginSession.revoked_at.is_(None))
    if not unchanged or await session.scalar(is_open) is None:
        raise CredentialsRefused


async def _is_still(session: Session, account_id: UUID, *what: ColumnElement[bool]) -> bool:
    """Say of an account, which is locked from here on, whether it is open and what was found of it holds."""
    wanted = select(Account.id).where(Account.id == account_id, Account.disabled_at.is_(None), *what)
    return await session.scalar(wanted.with_for_update()) is not None


@dataclass(frozen=True, slots=True)
class _Known:
    """An account as a sign-in finds it; plain values, since the session begins anew while the password is checked."""

    id: UUID
    password_hash: str
    organisation_id: UUID
    is_own_device: bool


async def _find_account(session: Session, phone: str | None, installation_id: UUID) -> _Known | None:
    await knock(session, Door.phone, phone or "")
    signed_in_here = (
        exists()
        .where(LoginSession.account_id == Account.id, LoginSession.installation_id == installation_id)
        .correlate(Account)
    )
    found = await session.execute(
        select(Account.id, Account.password_hash, Member.organisation_id, signed_in_here.label("is_own_device"))
        .join(Member, Member.id == Account.member_id)
        # Said, since the number's index holds those alone.
        .where(Member.phone == phone, ~Member.has_left)
        .where(Account.disabled_at.is_(None), queries.is_active(session.today()))
    )
    row = found.one_or_none()
    return None if row is None else _Known(*row)

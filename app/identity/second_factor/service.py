"""Commands of the second factor: enrol, confirm, renew the recovery codes, remove."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.identity import access, totp
from app.identity.errors import SecondFactorOff, SecondFactorOn, SecondFactorRefused
from app.identity.events import (
    RecoveryCodesRenewed,
    SecondFactorConfirmed,
    SecondFactorOverridden,
    SecondFactorRemoved,
)
from app.identity.keyring import Keyring
from app.identity.models import Account, RecoveryCode, SecondFactor
from app.identity.proofs.service import Proof, prove, refuse, require_patience, somebody, spend_code
from app.identity.queries import find_placed_posts
from app.identity.second_factor.schemas import CodeProof, RecoveryCodes, SecondFactorEnrol, SecondFactorSecret
from app.identity.service import hold_proven, require_password
from app.identity.sessions.service import end_sessions_but_tell
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.members.errors import MemberNotFound
from app.members.models import Member
from app.members.queries import get_visible_member

ISSUER = "Sổ tay"


async def enrol_second_factor(
    session: Session, actor: Actor, body: SecondFactorEnrol, *, keyring: Keyring
) -> SecondFactorSecret:
    """Make a secret for the caller's app; it counts once a code of it has confirmed it.

    Enrolling again replaces a secret that was not confirmed. Raises CredentialsRefused, SignInDelayed, SecondFactorOn.
    """
    proven = await require_password(session, actor, body.current_password, keyring=keyring)
    await hold_proven(session, actor, proven, keyring=keyring)
    secret = totp.new_secret()
    values = {
        "sealed_secret": keyring.vault.seal(secret.encode()),
        "last_step": 0,
        "created_at": session.now(),
    }
    made = await session.scalar(
        insert(SecondFactor)
        .values(account_id=actor.account_id, **values)
        .on_conflict_do_update(index_elements=["account_id"], set_=values, where=SecondFactor.confirmed_at.is_(None))
        .returning(SecondFactor.account_id)
    )
    if made is None:
        raise SecondFactorOn
    phone = await session.scalar(select(Member.phone).where(Member.id == actor.member_id))
    return SecondFactorSecret(
        secret=secret, otpauth_uri=totp.address_of(secret, account=phone or str(actor.account_id), issuer=ISSUER)
    )


async def confirm_second_factor(session: Session, actor: Actor, body: CodeProof, *, keyring: Keyring) -> RecoveryCodes:
    """Turn the second factor on with a first code of the app, and hand out recovery codes.

    Raises SecondFactorOff where none was enrolled, SecondFactorOn, SecondFactorRefused, SignInDelayed.
    """
    source = somebody(keyring, Proof.signed_in, actor.account_id)
    await require_patience(session, [source])
    factor = await session.get(SecondFactor, actor.account_id, with_for_update=True)
    if factor is None:
        raise SecondFactorOff
    if factor.confirmed_at is not None:
        raise SecondFactorOn
    try:
        if not totp.is_six_digits(body.totp_code):
            raise SecondFactorRefused  # noqa: TRY301 counted like any other wrong code
        spend_code(session, factor, body.totp_code, keyring=keyring)
    except SecondFactorRefused as refusal:
        await refuse(session, refusal, [source], keyring=keyring)
    factor.confirmed_at = session.now()
    await record(
        session,
        SecondFactorConfirmed(
            organisation_id=actor.organisation_id, subject_id=actor.account_id, actor_member_id=actor.member_id
        ),
    )
    return await _renew_codes(session, actor.account_id)


async def renew_recovery_codes(session: Session, actor: Actor, body: CodeProof, *, keyring: Keyring) -> RecoveryCodes:
    """Hand out ten new recovery codes; those before no longer work. Raises as `remove_second_factor` does."""
    await _require_code(session, actor, body.totp_code, keyring=keyring)
    await record(
        session,
        RecoveryCodesRenewed(
            organisation_id=actor.organisation_id, subject_id=actor.account_id, actor_member_id=actor.member_id
        ),
    )
    return await _renew_codes(session, actor.account_id)


async def remove_second_factor(session: Session, actor: Actor, body: CodeProof, *, keyring: Keyring) -> None:
    """Turn the second factor off with a code of it. Raises SecondFactorOff, SecondFactorRefused, SignInDelayed."""
    await _require_code(session, actor, body.totp_code, keyring=keyring)
    await _remove(session, actor.account_id)
    await record(
        session,
        SecondFactorRemoved(
            organisation_id=actor.organisation_id,
            subject_id=actor.account_id,
            actor_member_id=actor.member_id,
            member_id=actor.member_id,
        ),
    )


async def reset_second_factor(session: Session, actor: Actor, member_id: UUID) -> None:
    """Turn off the second factor of who lost phone and recovery codes; the password stays.

    An administrator above them and their posts may, and nobody for themself. Raises MemberNotFound, NotForYourPost,
    SecondFactorOff.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_factor_resetter(actor, path, await find_placed_posts(session, member.id), member_id=member.id)
    account_id = await _find_factor(session, member.id)
    await _remove(session, account_id)
    await record(
        session,
        SecondFactorRemoved(
            organisation_id=member.organisation_id,
            subject_id=account_id,
            actor_member_id=actor.member_id,
            member_id=member.id,
        ),
    )


async def override_second_factor(session: Session, *, phone: str) -> Member:
    """Turn off the second factor of who has nobody above to do it, at the server's own console; return who it is.

    `phone` is E.164. Every session ends, the password stays; the account's phones are told of it, and an hour later
    those that have not signed in again are pushed to no more. Raises MemberNotFound, SecondFactorOff.
    """
    member = await session.scalar(select(Member).where(Member.phone == phone, ~Member.has_left))
    if member is None:
        raise MemberNotFound
    account_id = await _find_factor(session, member.id)
    await _remove(session, account_id)
    await end_sessions_but_tell(session, account_id)
    await record(
        session,
        SecondFactorOverridden(
            organisation_id=member.organisation_id, subject_id=account_id, actor_member_id=None, member_id=member.id
        ),
    )
    return member


async def _find_factor(session: Session, member_id: UUID) -> UUID:
    account_id = await session.scalar(
        select(SecondFactor.account_id)
        .join(Account, Account.id == SecondFactor.account_id)
        .where(Account.member_id == member_id)
        .with_for_update(of=SecondFactor)
    )
    if account_id is None:
        raise SecondFactorOff
    return account_id


async def _require_code(session: Session, actor: Actor, typed: str, *, keyring: Keyring) -> None:
    source = somebody(keyring, Proof.signed_in, actor.account_id)
    await require_patience(session, [source])
    factor = await session.get(SecondFactor, actor.account_id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorOff
    await prove(session, actor.account_id, typed, [source], keyring=keyring)


async def _renew_codes(session: Session, account_id: UUID) -> RecoveryCodes:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = totp.new_recovery_codes()
    session.add_all(
        RecoveryCode(account_id=account_id, code_hash=totp.recovery_hash(code), created_at=session.now())
        for code in codes
    )
    return RecoveryCodes(recovery_codes=codes)


async def _remove(session: Session, account_id: UUID) -> None:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    await session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))

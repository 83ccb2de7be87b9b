"""Commands of linked identities: sign in by an ID token, link an identity, unlink it."""

import hashlib
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.identity import queries
from app.identity.errors import (
    IdentityNotFound,
    IdentityNotLinked,
    IdentityProviderUnavailable,
    IdentityProviderUnknown,
    IdentityTaken,
    IdTokenRefused,
)
from app.identity.events import IdentityLinked, IdentityUnlinked
from app.identity.identities.schemas import IdentityLink, IdentitySignIn, IdentityView
from app.identity.keyring import Keyring
from app.identity.models import Account, LinkedIdentity, UsedNonce
from app.identity.proofs.service import Proof, prove, require_patience, somebody
from app.identity.schemas import Tokens
from app.identity.service import hold_proven, require_password
from app.identity.sessions.service import begin_session
from app.kernel.context import Door, knock
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.id_tokens import IdTokenInvalid, ProvenIdentity, ProviderSilent, ProviderUnknown
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.members.models import Member

log = structlog.get_logger()


async def sign_in_by_identity(session: Session, body: IdentitySignIn, *, keyring: Keyring) -> Tokens:
    """Sign in by the ID token of an identity that the member has linked; its other claims sign nobody in.

    Raises IdentityProviderUnknown, IdentityProviderUnavailable, IdTokenRefused, IdentityNotLinked (for an account that
    has ended too), and where the account has a second factor what `prove` raises.
    """
    proven = await _verify(session, body, keyring=keyring)
    await _use_nonce(session, proven)
    await knock(session, Door.identity, proven.provider, proven.subject)
    row = (
        await session.execute(
            select(Account, Member.organisation_id)
            .join(LinkedIdentity, LinkedIdentity.account_id == Account.id)
            .join(Member, Member.id == Account.member_id)
            .where(
                LinkedIdentity.provider == proven.provider,
                LinkedIdentity.subject == proven.subject,
                Account.disabled_at.is_(None),
                queries.is_active(session.today()),
            )
        )
    ).one_or_none()
    if row is None:
        raise IdentityNotLinked
    account: Account = row.Account
    organisation_id: UUID = row.organisation_id
    # What was wrong here delays nobody who signs in with the password, and the other way round.
    source = somebody(keyring, Proof.identity, account.id)
    await require_patience(session, [source])
    await prove(session, account.id, body.totp_code, [source], keyring=keyring)
    return await begin_session(session, account, organisation_id, body.installation, keyring=keyring)


async def link_identity(session: Session, actor: Actor, body: IdentityLink, *, keyring: Keyring) -> IdentityView:
    """Let an identity sign in to the caller's account from now on; the owner is told.

    Raises CredentialsRefused, SignInDelayed, IdentityTaken, and what is wrong with the token as `sign_in_by_identity`.
    """
    password_hash = await require_password(session, actor, body.current_password, keyring=keyring)
    proven = await _verify(session, body, keyring=keyring)  # which may take its time: no connection is held
    await _use_nonce(session, proven)
    await hold_proven(session, actor, password_hash, keyring=keyring)
    linked = LinkedIdentity(
        id=session.new_id(),
        account_id=actor.account_id,
        provider=proven.provider,
        subject=proven.subject,
        created_at=session.now(),
    )
    taken = {
        "uq_linked_identities_provider_subject": IdentityTaken,
        "uq_linked_identities_account_id_provider": IdentityTaken,
    }
    async with refusing_duplicates(session, taken):
        session.add(linked)
    await record(
        session,
        IdentityLinked(
            organisation_id=actor.organisation_id,
            subject_id=actor.account_id,
            actor_member_id=actor.member_id,
            member_id=actor.member_id,
            provider=proven.provider,
        ),
    )
    return IdentityView.model_validate(linked)


async def unlink_identity(session: Session, actor: Actor, identity_id: UUID) -> None:
    """Let an identity sign in no more; raises IdentityNotFound."""
    provider = await session.scalar(
        delete(LinkedIdentity)
        .where(LinkedIdentity.id == identity_id, LinkedIdentity.account_id == actor.account_id)
        .returning(LinkedIdentity.provider)
    )
    if provider is None:
        raise IdentityNotFound
    await record(
        session,
        IdentityUnlinked(
            organisation_id=actor.organisation_id,
            subject_id=actor.account_id,
            actor_member_id=actor.member_id,
            provider=provider,
        ),
    )


async def _verify(session: Session, body: IdentitySignIn | IdentityLink, *, keyring: Keyring) -> ProvenIdentity:
    try:
        return await keyring.providers.verify(body.provider, body.id_token, nonce=body.nonce, now=session.now())
    except ProviderUnknown:
        raise IdentityProviderUnknown from None
    except ProviderSilent:
        raise IdentityProviderUnavailable from None
    except IdTokenInvalid as error:
        log.info("id_token_refused", reason=str(error))
        raise IdTokenRefused from None


async def _use_nonce(session: Session, proven: ProvenIdentity) -> None:
    """Take a token once: the second of two that bring the same nonce waits here for the first, and is refused."""
    name = f"{proven.provider}\0{proven.nonce}"
    first = await session.scalar(
        insert(UsedNonce)
        .values(nonce_hash=hashlib.sha256(name.encode()).digest(), expires_at=proven.expires_at)
        .on_conflict_do_nothing()
        .returning(UsedNonce.expires_at)
    )
    if first is None:
        raise IdTokenRefused

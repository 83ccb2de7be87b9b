"""Routes of identities at providers."""

from uuid import UUID

from app.identity.errors import (
    CredentialsRefused,
    IdentityNotFound,
    IdentityNotLinked,
    IdentityProviderUnavailable,
    IdentityProviderUnknown,
    IdentityTaken,
    IdTokenRefused,
    SecondFactorRefused,
    SecondFactorRequired,
    SignInDelayed,
)
from app.identity.identities import queries, service
from app.identity.identities.schemas import IdentityLink, IdentityList, IdentitySignIn, IdentityView
from app.identity.router import KeyringDep
from app.identity.schemas import Tokens
from app.kernel.bodies import SecretRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.passwords import PasswordsBusy
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor

auth = Router(prefix="/auth", tags=["auth"], route_class=SecretRoute)
me = Router(prefix="/me/identities", tags=["me"], route_class=SecretRoute)


@auth.post(
    "/oidc",
    operation_id="signInByIdentity",
    summary="Sign in by an identity provider",
    responses=problems(
        IdTokenRefused,
        IdentityNotLinked,
        SecondFactorRequired,
        SecondFactorRefused,
        IdentityProviderUnknown,
        SignInDelayed,
        IdentityProviderUnavailable,
    ),
)
async def sign_in_by_identity(session: DbSession, keyring: KeyringDep, body: IdentitySignIn) -> Tokens:
    """Sign in with the ID token that a provider of this server gave the app (OpenID Connect), within ten minutes, once.

    The identity must have been linked by its owner (`POST /v1/me/identities`): a phone number or an e-mail address that
    a provider knows signs nobody in. Where `second_factor_required` is answered, the same token may be sent again.
    """
    return await service.sign_in_by_identity(session, body, keyring=keyring)


@me.get("", operation_id="listMyIdentities", summary="My linked identities")
async def list_my_identities(session: DbSession, actor: CurrentActor, tagged: Tagged) -> IdentityList:
    """List the identities that sign in to this account."""
    return tagged.whole(await queries.list_my_identities(session, actor))


@me.post(
    "",
    operation_id="linkIdentity",
    status_code=201,
    summary="Link an identity",
    responses=problems(
        CredentialsRefused,
        IdTokenRefused,
        IdentityTaken,
        IdentityProviderUnknown,
        SignInDelayed,
        IdentityProviderUnavailable,
        PasswordsBusy,
    ),
)
async def link_identity(
    session: DbSession, actor: CurrentActor, keyring: KeyringDep, body: IdentityLink
) -> IdentityView:
    """Let an identity of a provider sign in to this account from now on; needs the password too."""
    return await service.link_identity(session, actor, body, keyring=keyring)


@me.delete(
    "/{identity_id}",
    operation_id="unlinkIdentity",
    status_code=204,
    summary="Unlink an identity",
    responses=problems(IdentityNotFound),
)
async def unlink_identity(session: DbSession, actor: CurrentActor, identity_id: UUID) -> None:
    """Let it sign in to this account no more."""
    await service.unlink_identity(session, actor, identity_id)

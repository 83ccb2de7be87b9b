"""Routes of signing in, of one's own account, sessions and devices."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.identity import queries, service
from app.identity.errors import (
    ActivationRefused,
    CredentialsRefused,
    MemberHasNoPhone,
    MembershipEnded,
    PasswordTooCommon,
    RefreshRefused,
    SecondFactorRefused,
    SecondFactorRequired,
    SessionNotFound,
    SignInDelayed,
)
from app.identity.keyring import Keyring
from app.identity.schemas import (
    Activation,
    ActivationCodeView,
    Jwks,
    Me,
    PasswordChange,
    Refresh,
    SessionList,
    SignIn,
    Tokens,
)
from app.identity.sessions import service as sessions
from app.kernel.bodies import SecretRoute, StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.passwords import PasswordsBusy
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import MemberNotFound, StillCandidate

auth = Router(prefix="/auth", tags=["auth"], route_class=SecretRoute)
me = Router(prefix="/me", tags=["me"], route_class=StrictRoute)
members = Router(prefix="/members", tags=["members"], route_class=SecretRoute)
well_known = Router(prefix="/.well-known", tags=["auth"], route_class=StrictRoute)


async def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.app.state.keyring
    return keyring


KeyringDep = Annotated[Keyring, Depends(_keyring)]


def address_of(request: Request) -> str | None:
    """Return the network address that asks, as the server believes its proxies (`FORWARDED_ALLOW_IPS`)."""
    return request.client.host if request.client else None


@auth.post(
    "/activate",
    operation_id="activateAccount",
    summary="Activate an account",
    responses=problems(
        ActivationRefused, PasswordTooCommon, SecondFactorRequired, SecondFactorRefused, SignInDelayed, PasswordsBusy
    ),
)
async def activate(request: Request, session: DbSession, keyring: KeyringDep, body: Activation) -> Tokens:
    """Set a password with the code that the secretary or an administrator handed out, and sign in.

    A wrong, used and expired code are answered alike; after five wrong tries a code no longer works. It replaces the
    password only: an account with a second factor sends `totp_code` too. A code works once: after a lost answer sign in
    with the password just chosen, and send the code again only where that is refused. `passwords_busy` uses up no try.
    """
    return await service.activate(session, body, address=address_of(request), keyring=keyring)


@auth.post(
    "/login",
    operation_id="signIn",
    summary="Sign in",
    responses=problems(CredentialsRefused, SecondFactorRequired, SecondFactorRefused, SignInDelayed, PasswordsBusy),
)
async def sign_in(request: Request, session: DbSession, keyring: KeyringDep, body: SignIn) -> Tokens:
    """Sign in with phone number and password. An unknown number and a wrong password are answered alike.

    `second_factor_required` says that both were right: send them again with `totp_code`. From the fifth failure with a
    number on 429 says how long to wait, from 30 seconds to 15 minutes; a phone on which one has signed in before does
    not wait for failures elsewhere.
    """
    return await service.sign_in(session, body, address=address_of(request), keyring=keyring)


@auth.post("/refresh", operation_id="refreshTokens", summary="Get the next tokens", responses=problems(RefreshRefused))
async def refresh(session: DbSession, keyring: KeyringDep, body: Refresh) -> Tokens:
    """Change a refresh token for the next pair.

    After a lost answer, send the same token again within 60 seconds: the same pair comes back. Later, or after the new
    one was used, the whole session ends, since somebody else must have the token.
    """
    return await sessions.refresh(session, body, keyring=keyring)


@auth.post("/logout", operation_id="signOut", status_code=204, summary="Sign out")
async def sign_out(session: DbSession, actor: CurrentActor) -> None:
    """End this session; this installation gets no more pushes."""
    await sessions.sign_out(session, actor)


@auth.post(
    "/password",
    operation_id="changePassword",
    status_code=204,
    summary="Change the password",
    responses=problems(CredentialsRefused, PasswordTooCommon, SignInDelayed, PasswordsBusy),
)
async def change_password(session: DbSession, actor: CurrentActor, keyring: KeyringDep, body: PasswordChange) -> None:
    """Set a new password; every other session ends."""
    await service.change_password(session, actor, body, keyring=keyring)


@me.get("", operation_id="getMe", summary="Who I am")
async def get_me(session: DbSession, actor: CurrentActor, tagged: Tagged) -> Me:
    """Return the person signed in, their branch and the posts they hold today."""
    return tagged.whole(await queries.get_me(session, actor))


@me.get("/sessions", operation_id="listMySessions", summary="My sessions")
async def list_my_sessions(session: DbSession, actor: CurrentActor, tagged: Tagged) -> SessionList:
    """List the installations signed in to this account, the latest used first."""
    return tagged.whole(await queries.list_my_sessions(session, actor))


@me.delete("/sessions", operation_id="endOtherSessions", status_code=204, summary="Sign out everywhere else")
async def end_other_sessions(session: DbSession, actor: CurrentActor) -> None:
    """End every session but this one."""
    await sessions.end_other_sessions(session, actor)


@me.delete(
    "/sessions/{session_id}",
    operation_id="endSession",
    status_code=204,
    summary="Sign out one installation",
    responses=problems(SessionNotFound),
)
async def end_session(session: DbSession, actor: CurrentActor, session_id: UUID) -> None:
    """End one of my sessions, such as that of a lost phone."""
    await sessions.end_session(session, actor, session_id)


@members.post(
    "/{member_id}/activation-code",
    operation_id="issueActivationCode",
    status_code=201,
    summary="Issue an activation code",
    responses=problems(
        MemberNotFound, NotForYourPost, MemberHasNoPhone, MembershipEnded, StillCandidate, PasswordsBusy
    ),
)
async def issue_activation_code(
    session: DbSession, actor: CurrentActor, keyring: KeyringDep, member_id: UUID
) -> ActivationCodeView:
    """Make a code for a member to set a password with: ten characters, seven days, five tries, once.

    Codes issued before stop working. It is shown this once: hand it over in person, on paper or by voice. Of whoever
    holds a post elsewhere, or is administrator or auditor, only an administrator of that organisation or above it may.
    """
    return await service.issue_activation_code(session, actor, member_id, keyring=keyring)


@well_known.get("/jwks.json", operation_id="getJwks", summary="Public keys")
async def get_jwks(keyring: KeyringDep) -> Jwks:
    """Return the keys that verify this server's access tokens."""
    return Jwks.model_validate({"keys": keyring.keys.jwks()})

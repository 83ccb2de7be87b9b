"""Routes of the second factor."""

from uuid import UUID

from fastapi import Request

from app.identity.errors import (
    CredentialsRefused,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRefused,
    SignInDelayed,
)
from app.identity.router import KeyringDep
from app.identity.second_factor import queries, service
from app.identity.second_factor.schemas import (
    CodeProof,
    RecoveryCodes,
    SecondFactorEnrol,
    SecondFactorSecret,
    SecondFactorView,
)
from app.kernel.bodies import SecretRoute
from app.kernel.db import DbSession
from app.kernel.etags import Tagged
from app.kernel.passwords import PasswordsBusy
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.members.errors import MemberNotFound

me = Router(prefix="/me/second-factor", tags=["me"], route_class=SecretRoute)
members = Router(prefix="/members", tags=["members"], route_class=SecretRoute)


@me.get("", operation_id="getMySecondFactor", summary="My second factor")
async def get_my_second_factor(
    request: Request, session: DbSession, actor: CurrentActor, tagged: Tagged
) -> SecondFactorView:
    """Say whether signing in asks for a code of an authenticator app too, and whether a post held today needs that."""
    return tagged.whole(
        await queries.get_my_second_factor(session, actor, required_of=request.app.state.second_factor_of)
    )


@me.post(
    "",
    operation_id="enrolSecondFactor",
    status_code=201,
    summary="Begin with a second factor",
    responses=problems(CredentialsRefused, SecondFactorOn, SignInDelayed, PasswordsBusy),
)
async def enrol_second_factor(
    session: DbSession, actor: CurrentActor, keyring: KeyringDep, body: SecondFactorEnrol
) -> SecondFactorSecret:
    """Make a secret for an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds), shown this once.

    It is asked for from its confirmation on. Enrolling again before that replaces it.
    """
    return await service.enrol_second_factor(session, actor, body, keyring=keyring)


@me.post(
    "/confirm",
    operation_id="confirmSecondFactor",
    summary="Turn the second factor on",
    responses=problems(SecondFactorRefused, SecondFactorOff, SecondFactorOn, SignInDelayed),
)
async def confirm_second_factor(
    session: DbSession, actor: CurrentActor, keyring: KeyringDep, body: CodeProof
) -> RecoveryCodes:
    """Send a first code of the app: from now on signing in asks for one. Ten recovery codes are shown this once."""
    return await service.confirm_second_factor(session, actor, body, keyring=keyring)


@me.post(
    "/recovery-codes",
    operation_id="renewRecoveryCodes",
    summary="Get new recovery codes",
    responses=problems(SecondFactorRefused, SecondFactorOff, SignInDelayed),
)
async def renew_recovery_codes(
    session: DbSession, actor: CurrentActor, keyring: KeyringDep, body: CodeProof
) -> RecoveryCodes:
    """Make ten new codes; those before no longer work."""
    return await service.renew_recovery_codes(session, actor, body, keyring=keyring)


@me.post(
    "/remove",
    operation_id="removeSecondFactor",
    status_code=204,
    summary="Turn the second factor off",
    responses=problems(SecondFactorRefused, SecondFactorOff, SignInDelayed),
)
async def remove_second_factor(session: DbSession, actor: CurrentActor, keyring: KeyringDep, body: CodeProof) -> None:
    """Sign in with the password alone again; needs a code of the app or a recovery code."""
    await service.remove_second_factor(session, actor, body, keyring=keyring)


@members.delete(
    "/{member_id}/second-factor",
    operation_id="resetSecondFactor",
    status_code=204,
    summary="Turn off a member's second factor",
    responses=problems(MemberNotFound, NotForYourPost, SecondFactorOff),
)
async def reset_second_factor(session: DbSession, actor: CurrentActor, member_id: UUID) -> None:
    """Help who lost both phone and recovery codes: an administrator above may, after having made sure who asks.

    Of whoever holds posts, one of those organisations or above them. The password stays, and the member is told.
    """
    await service.reset_second_factor(session, actor, member_id)

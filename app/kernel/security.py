"""Who is asking: the Actor, the posts that give rights, and the dependency that turns a bearer token into one."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.kernel.db import DbSession, Session
from app.kernel.errors import Forbidden, NotSignedIn
from app.kernel.i18n import Text
from app.kernel.rates import RateLimiter, RateLimitExceeded
from app.kernel.settings import SecondFactorOf
from app.kernel.tokens import Claims, TokenKeys, TokenRefused


class PostKind(StrEnum):
    """Posts a member may hold in an organisation; a post reaches the subtree its kind says."""

    secretary = "secretary"
    deputy_secretary = "deputy_secretary"
    minute_taker = "minute_taker"
    committee_member = "committee_member"
    committee_officer = "committee_officer"
    administrator = "administrator"
    auditor = "auditor"


ORGANISERS = frozenset({PostKind.secretary, PostKind.deputy_secretary, PostKind.minute_taker})
COMMITTEE = frozenset({PostKind.secretary, PostKind.deputy_secretary, PostKind.committee_member})
"""The seats of an organisation's committee (domain.md 4)."""
LEADERS = frozenset({PostKind.secretary, PostKind.deputy_secretary})
OFFICERS = frozenset({PostKind.secretary, PostKind.deputy_secretary, PostKind.committee_officer})


NEEDING_SECOND_FACTOR = {
    SecondFactorOf.nobody: frozenset[PostKind](),
    SecondFactorOf.administrators: frozenset({PostKind.administrator, PostKind.auditor}),
    SecondFactorOf.officers: OFFICERS | {PostKind.administrator, PostKind.auditor},
}
"""Posts that give no rights while their holder has no second factor, by the setting."""


class TokenInvalid(NotSignedIn):
    title = Text(vi="Phiên đăng nhập không hợp lệ hoặc đã hết hạn", en="The session is not valid or has expired")


class NotForYourPost(Forbidden):
    title = Text(vi="Chức vụ của đồng chí không có quyền này", en="Your post does not give you this right")


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post in force today, as days are in Việt Nam, in one organisation; rights come from posts alone.

    How far it reaches down the tree each feature's `access` says. `SOTAY_REQUIRE_SECOND_FACTOR` may leave it out.
    """

    kind: PostKind
    organisation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A member as one query found them a moment ago, signed in or not; nothing here outlives the request.

    `path` runs from the root of the tree to the member's own branch.
    """

    member_id: UUID
    organisation_id: UUID
    path: tuple[UUID, ...]
    posts: tuple[HeldPost, ...]
    time_zone: str
    ended: tuple[UUID, ...] = ()
    """Organisations that ended while the member belonged to them: what they left is still theirs to read."""
    inherited: tuple[HeldPost, ...] = ()
    """The organiser's posts, in what was merged into the organisation they are held in: somebody must finish it."""

    def belonged_to(self, organisation_id: UUID) -> bool:
        """Say whether it is the member's branch, or was theirs until it ended."""
        return organisation_id == self.organisation_id or organisation_id in self.ended

    def holds_in(self, organisation_id: UUID, kinds: Collection[PostKind]) -> bool:
        """Say whether one of the posts is held in this very organisation, or in the one it was merged into."""
        held = (*self.posts, *self.inherited)
        return any(post.kind in kinds and post.organisation_id == organisation_id for post in held)

    def holds_above(self, path: Sequence[UUID], kinds: Collection[PostKind]) -> bool:
        """Say whether one of the posts is held in an organisation above the last of the path."""
        return any(post.kind in kinds and post.organisation_id in path[:-1] for post in self.posts)

    def holds_over(self, path: Sequence[UUID], kinds: Collection[PostKind]) -> bool:
        """Say whether one of the posts is held in the last organisation of the path or above it."""
        return any(post.kind in kinds and post.organisation_id in path for post in self.posts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(Reader):
    """The person who signed in and makes the request."""

    account_id: UUID
    session_id: UUID


Authenticate = Callable[[Session, str], Awaitable[Actor]]
"""Turns a bearer token into its Actor or raises NotSignedIn. `identity` answers it, `main` introduces the two."""

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="accessToken",
    bearerFormat="JWT",
    description="The `access_token` of a sign-in, which lives ten minutes. Only ES256 is taken, by this issuer and for "
    "this audience (RFC8725).",
)


BearerToken = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def require_token(
    credentials: HTTPAuthorizationCredentials | None, keys: TokenKeys, *, now: datetime
) -> tuple[Claims, TokenInvalid]:
    """Return what the token claims, and the refusal for claims that hold no more; raises TokenInvalid.

    The refusal never says what was wrong.
    """
    if credentials is None:
        raise TokenInvalid(headers={"WWW-Authenticate": "Bearer"})
    refusal = TokenInvalid(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    try:
        return keys.verify(credentials.credentials, now=now), refusal
    except TokenRefused:
        raise refusal from None


def require_allowance(request: Request, account_id: UUID, *, now: datetime) -> None:
    """Count the request against its account's minute; raises RateLimitExceeded."""
    limiter: RateLimiter | None = request.app.state.rate_limiter
    if limiter is None:
        return
    allowance = limiter.take(account_id, now=now)
    request.state.allowance = allowance  # for the headers of whatever is answered
    if allowance.retry_after is not None:
        raise RateLimitExceeded(headers={"Retry-After": str(allowance.retry_after)})


async def require_sign_in(request: Request) -> None:
    """Refuse whoever is not signed in before a file is read; raises TokenInvalid.

    FastAPI reads a form, up to 20 MiB of it, before it asks the dependencies.
    """
    async with request.app.state.database.session() as session:
        await identify(request, session)


async def identify(request: Request, session: Session) -> Actor:
    """Return who makes the request, as the session knows them; raises TokenInvalid."""
    return await _authenticate(request, session, await _bearer(request))


async def _authenticate(request: Request, session: Session, credentials: HTTPAuthorizationCredentials | None) -> Actor:
    if credentials is None:
        raise TokenInvalid(headers={"WWW-Authenticate": "Bearer"})
    authenticate: Authenticate = request.app.state.authenticate
    return await authenticate(session, credentials.credentials)


async def _current_actor(
    request: Request,
    session: DbSession,
    credentials: BearerToken,
) -> Actor:
    actor = await _authenticate(request, session, credentials)
    require_allowance(request, actor.account_id, now=session.now())
    return actor


CurrentActor = Annotated[Actor, Depends(_current_actor)]

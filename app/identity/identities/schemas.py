"""Bodies of identities at providers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.identity.schemas import Installation, Secret, TotpCode
from app.kernel.schemas import Instant, Request, Response

ProviderName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    Field(examples=["vneid"], description="As this server's operator named it"),
]
IdToken = Annotated[
    str,
    StringConstraints(min_length=1, max_length=16_384),
    Field(examples=["eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3Mi"], description="As the provider gave it to the app"),
]
Nonce = Annotated[
    str,
    StringConstraints(min_length=16, max_length=200),
    Field(
        examples=["n-0S6_WzA2Mj-9aK1xQp"],
        description="What the app made up at random for this one sign-in, and sent to the provider as `nonce`",
    ),
]


class IdentitySignIn(Request):
    """Signing in by the ID token of a provider."""

    provider: ProviderName
    id_token: IdToken
    nonce: Nonce
    installation: Installation
    totp_code: TotpCode | None = Field(
        default=None, description="Where the account has a second factor: six digits of the app, or a recovery code"
    )


class IdentityLink(Request):
    """Linking an identity to the account signed in."""

    provider: ProviderName
    id_token: IdToken
    nonce: Nonce
    current_password: Secret = Field(examples=["so-tay-demo-1"])


class IdentityView(Response):
    """An identity that signs in to this account."""

    id: UUID
    provider: str = Field(examples=["vneid"])
    created_at: Instant


class IdentityList(Response):
    """One's own linked identities."""

    items: list[IdentityView]
    next_cursor: str | None = Field(description="Always null: nobody has more than fit", examples=[None])

"""Bodies of signing in, of one's own account, sessions and devices."""

import re
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Locale, Text
from app.kernel.passwords import MAX_LENGTH, MIN_LENGTH
from app.kernel.push import Platform
from app.kernel.schemas import Instant, Int32, Line, Request, Response
from app.kernel.security import PostKind
from app.kernel.timezones import TimeZone
from app.kernel.web_push import AUTH, P256DH, Subscription, is_point
from app.organisations.schemas import OrganisationRef

_REGIONAL = re.compile(r"(?:vi|en)[-_][A-Za-z0-9_-]{2,30}", re.IGNORECASE)
Secret = Annotated[str, StringConstraints(min_length=1, max_length=512)]
NewPassword = Annotated[
    str,
    Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH, examples=["con-trau-di-truoc"], description="8–128 characters"),
]


TotpCode = Annotated[
    str,
    Field(
        min_length=6,
        max_length=40,
        examples=["123456"],
        description="Six digits of the authenticator app, or a recovery code; each is taken once",
    ),
]


class Installation(Request):
    """The app on one phone, as it names itself; made once when the app is installed."""

    installation_id: UUID = Field(examples=["7d0f6a0e-52a5-4a37-9a1e-0c1c5f4d9a10"])
    platform: Platform
    device_name: Line | None = Field(default=None, examples=["Samsung A05"])


class Activation(Request):
    """A member's first sign-in, or a new password after the old one was lost."""

    activation_code: Secret = Field(
        examples=["K7MN-4PQR-TW"], description="As handed out; case and dashes do not matter"
    )
    password: NewPassword
    installation: Installation
    totp_code: TotpCode | None = Field(
        default=None, description="Where the account has a second factor: six digits of the app, or a recovery code"
    )


class SignIn(Request):
    """Signing in on a phone."""

    phone: Secret = Field(examples=["+84900000003"], description="With or without the country code")
    password: Secret = Field(examples=["so-tay-demo-1"])
    installation: Installation
    totp_code: TotpCode | None = Field(
        default=None, description="Where the account has a second factor: six digits of the app, or a recovery code"
    )


class Refresh(Request):
    """Changing a refresh token for the next pair."""

    refresh_token: Secret = Field(examples=["c2VjcmV0LXNlY3JldC1zZWNyZXQ"])
    installation_id: UUID | None = Field(default=None, description="Where sent, it must be the one that signed in")


class PasswordChange(Request):
    """A new password; every other session ends."""

    current_password: Secret = Field(examples=["so-tay-demo-1"])
    new_password: NewPassword


class Tokens(Response):
    """What a signed-in app keeps. The access token lives `expires_in` seconds, the refresh token 30 days of silence."""

    access_token: str = Field(examples=["eyJhbGciOiJFUzI1NiIsImtpZCI6IjBh…"])
    token_type: str = Field(examples=["Bearer"])
    expires_in: Int32 = Field(examples=[600], description="Seconds")
    refresh_token: str = Field(examples=["c2VjcmV0LXNlY3JldC1zZWNyZXQ"])


class MyPost(Response):
    """A post held today."""

    kind: PostKind
    organisation: OrganisationRef


class Me(Response):
    """The person signed in."""

    account_id: UUID
    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])
    organisation: OrganisationRef
    posts: list[MyPost]
    time_zone: str = Field(
        examples=["Europe/Berlin"], description="Where they are: of the away period, else of the branch"
    )
    away: bool = Field(description="Whether an away period holds today", examples=[True])


class SessionView(Response):
    """A sign-in on one installation."""

    id: UUID
    installation_id: UUID
    platform: Platform
    device_name: str | None = Field(examples=["Samsung A05"])
    created_at: Instant
    last_used_at: Instant
    current: bool = Field(description="Whether it is the one asking")


class SessionList(Response):
    """One's own sessions, the latest used first."""

    items: list[SessionView]
    next_cursor: str | None = Field(description="Always null: nobody has more than fit", examples=[None])


_NO_KEY = Text(vi="Không phải khóa P-256 của trình duyệt", en="This is no browser's P-256 key")
_NO_TOKEN = Text(vi="Không phải mã đăng ký của FCM", en="This is no registration token of FCM")
_TWO_WAYS = Text(
    vi="Chỉ gửi push_token hoặc web_push, không gửi cả hai", en="Send push_token or web_push, never both of them"
)
_NO_BROWSER = Text(vi="Chỉ dành cho platform web", en="This is for the platform web only")


def _point(p256dh: str) -> str:
    if not is_point(p256dh):
        raise FieldError("key_not_valid", _NO_KEY)
    return p256dh


class WebPush(Request):
    """A browser's `PushSubscription`, as its `toJSON()` writes it, with the two `keys` beside the endpoint."""

    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        examples=["https://updates.push.services.mozilla.com/wpush/v2/gAAAAABn"],
        description="At one of the push services that this server writes to",
    )
    p256dh: Annotated[str, StringConstraints(pattern=P256DH), AfterValidator(_point)] = Field(
        examples=["BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"],
        description="The browser's public key, base64url without padding",
    )
    auth: Annotated[str, StringConstraints(pattern=AUTH)] = Field(
        examples=["BTBZMqHH6r4Tts7J_aSIgg"], description="16 bytes, base64url without padding"
    )

    def subscription(self) -> Subscription:
        """Return it as the server keeps it."""
        return Subscription(self.endpoint, self.p256dh, self.auth)


class WebPushKeyView(Response):
    """The key that browsers subscribe to."""

    public_key: str = Field(
        examples=["BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"],
        description="`applicationServerKey` of `PushManager.subscribe`: P-256, base64url",
    )


def _without_region(value: Any) -> Any:
    # Any: whatever JSON held, judged afterwards.
    return value[:2].lower() if isinstance(value, str) and _REGIONAL.fullmatch(value) else value


def _ascii(token: str) -> str:
    if not token.isascii():
        raise FieldError("push_token_not_valid", _NO_TOKEN)
    return token


PushToken = Annotated[str, StringConstraints(min_length=1, max_length=2048), AfterValidator(_ascii)]
"""As FCM's are: an index holds no more bytes than that."""


class DeviceReplace(Request):
    """What the server needs to push to an installation; sent at each start of the app."""

    platform: Platform
    push_token: PushToken | None = Field(
        default=None,
        description="FCM registration token; absent where the person allows no pushes",
        examples=["fcm-token"],
    )
    web_push: WebPush | None = Field(
        default=None, description="Of a browser without Firebase, in the place of `push_token`"
    )
    locale: Annotated[Locale, BeforeValidator(_without_region)] = Field(
        default=Locale.vi, description="Of its pushes; a region as phones name it (`vi-VN`, `en_US`) is left aside"
    )
    time_zone: TimeZone = Field(examples=["Asia/Ho_Chi_Minh"], description="The phone's own; quiet hours follow it")
    app_version: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z.+\-]+$")] = Field(
        examples=["1.0.0"]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.web_push is not None and self.push_token is not None:
            raise FieldError("two_ways_to_push", _TWO_WAYS, below="/web_push")
        if self.web_push is not None and self.platform is not Platform.web:
            raise FieldError("only_for_browsers", _NO_BROWSER, below="/web_push")
        return self


class DeviceView(Response):
    """A device as the server knows it; the token is not shown again."""

    installation_id: UUID
    platform: Platform
    locale: Locale
    time_zone: str = Field(examples=["Asia/Ho_Chi_Minh"])
    app_version: str = Field(examples=["1.0.0"])
    has_push_token: bool = Field(
        description="Whether pushes can reach it (by FCM or a browser's subscription). False after one was sent: "
        "the push service refused it; delete it on the phone and ask for another"
    )
    updated_at: Instant


class ActivationCodeView(Response):
    """A fresh code, shown this once."""

    activation_code: str = Field(examples=["K7MN-4PQR-TW"])
    expires_at: Instant


class Jwk(Response):
    """A public signing key (RFC 7517)."""

    kty: str = Field(examples=["EC"])
    crv: str = Field(examples=["P-256"])
    x: str = Field(examples=["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"])
    y: str = Field(examples=["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"])
    kid: str = Field(examples=["0a1f9c2d3e4b5a69788796a5b4c3d2e1"])
    use: str = Field(examples=["sig"])
    alg: str = Field(examples=["ES256"])


class Jwks(Response):
    """The keys that verify access tokens."""

    keys: list[Jwk]

"""Bodies of the second factor."""

from enum import StrEnum

from pydantic import Field

from app.identity.schemas import Secret, TotpCode
from app.kernel.schemas import Instant, Int32, Request, Response


class SecondFactorStatus(StrEnum):
    """`pending` was enrolled and not confirmed: it is not asked for yet."""

    off = "off"
    pending = "pending"
    on = "on"


class SecondFactorEnrol(Request):
    """A second factor begins with the password."""

    current_password: Secret = Field(examples=["so-tay-demo-1"])


class CodeProof(Request):
    """A code that shows that one has the second factor."""

    totp_code: TotpCode


class SecondFactorView(Response):
    """How one's second factor stands."""

    status: SecondFactorStatus
    required: bool = Field(
        description="Whether a post held today needs it: until it is on, such posts give no rights", examples=[False]
    )
    confirmed_at: Instant | None
    recovery_code_count: Int32 = Field(description="Recovery codes left", examples=[10])


class SecondFactorSecret(Response):
    """The secret for an authenticator app, shown this once."""

    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"], description="Base32, for typing in by hand")
    otpauth_uri: str = Field(
        examples=[
            "otpauth://totp/S%E1%BB%95%20tay:%2B84900000001?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=S%E1%BB%95%20tay"
        ],
        description="To show as a QR code, or open on the same phone",
    )


class RecoveryCodes(Response):
    """Codes for the day the phone is lost, shown this once; each works once in the place of six digits."""

    recovery_codes: list[str] = Field(examples=[["K7MN-4PQR-TWXY-2ABC"]])

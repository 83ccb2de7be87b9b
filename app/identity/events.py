"""Facts about accounts and sessions."""

from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane


class ActivationCodeIssued(Event):
    """Somebody who may handed out a code; the code itself is in no row, log or event."""

    code = "identity.activation_code_issued"
    subject_type = "member"


class AccountActivated(Event):
    code = "identity.account_activated"
    subject_type = "account"


class SignedIn(Event):
    code = "identity.signed_in"
    subject_type = "session"

    installation_id: UUID


class SignedInOnNewDevice(Event):
    """Somebody signed in where this account never did before: its owner is told, on the phones they had."""

    code = "identity.signed_in_on_new_device"
    subject_type = "session"
    lane: ClassVar[Lane | None] = Lane.urgent

    personal: ClassVar[frozenset[str]] = frozenset({"device_name"})

    member_id: UUID
    installation_id: UUID
    device_name: str | None

    def person(self) -> UUID:
        return self.member_id


class SecondFactorConfirmed(Event):
    code = "identity.second_factor_confirmed"
    subject_type = "account"


class RecoveryCodesRenewed(Event):
    code = "identity.recovery_codes_renewed"
    subject_type = "account"


class SecondFactorRemoved(Event):
    """By its owner with a code, or by an administrator for who lost phone and codes; the owner is told."""

    code = "identity.second_factor_removed"
    subject_type = "account"
    lane: ClassVar[Lane | None] = Lane.urgent

    member_id: UUID


class SecondFactorOverridden(Event):
    """The operator at the server's own console removed it and ended every session; the owner is told.

    For whom no administrator stands above. There is no actor: who sits at the console has no account.
    """

    code = "identity.second_factor_overridden"
    subject_type = "account"
    lane: ClassVar[Lane | None] = Lane.urgent

    member_id: UUID


class IdentityLinked(Event):
    """A way to sign in without the password was added; the owner is told."""

    code = "identity.identity_linked"
    subject_type = "account"
    lane: ClassVar[Lane | None] = Lane.urgent

    member_id: UUID
    provider: str


class IdentityUnlinked(Event):
    code = "identity.identity_unlinked"
    subject_type = "account"

    provider: str


class SignedOut(Event):
    code = "identity.signed_out"
    subject_type = "session"


class PasswordChanged(Event):
    code = "identity.password_changed"
    subject_type = "account"


class RefreshTokenReused(Event):
    """A used refresh token came back: the family of tokens was ended, and its owner is told."""

    code = "identity.refresh_token_reused"
    subject_type = "session"
    lane: ClassVar[Lane | None] = Lane.urgent
    personal: ClassVar[frozenset[str]] = frozenset({"device_name"})

    member_id: UUID
    device_name: str | None

    def person(self) -> UUID:
        return self.member_id

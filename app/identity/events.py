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

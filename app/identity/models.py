"""Tables of signing in: accounts, codes, second factors, linked identities, sessions with their tokens, devices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.i18n import Locale
from app.kernel.push import Platform


class Account(Base):
    """A member's way in: the hash of the password that goes with the phone number on their record."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ActivationCode(Base):
    """A code handed to a member on paper or by voice: 4 letters that find the row, 6 that are secret and hashed."""

    __tablename__ = "activation_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    selector: Mapped[str] = mapped_column(String(4), unique=True)
    secret_hash: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    try_count: Mapped[int] = mapped_column(server_default=text("0"))
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]


class SecondFactor(Base):
    """The secret of an authenticator app (RFC 6238), encrypted; it counts from its confirmation on.

    `last_step` is the step of thirty seconds whose code was taken last: none up to it is taken again.
    """

    __tablename__ = "second_factors"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    sealed_secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code for the day the phone is lost, by its SHA-256; it is deleted by being used."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    created_at: Mapped[datetime]


class LinkedIdentity(Base):
    """Who an account is at an identity provider: the `sub` of its ID tokens, linked by the member when signed in."""

    __tablename__ = "linked_identities"
    __table_args__ = (
        UniqueConstraint("provider", "subject"),
        UniqueConstraint("account_id", "provider"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    provider: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]


class UsedNonce(Base):
    """The nonce of an ID token that was taken, by its SHA-256, kept until the token has expired by itself."""

    __tablename__ = "used_nonces"

    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FailureCount(Base):
    """How often signing in failed for somebody, or from somewhere: whom or where is known by a keyed hash only."""

    __tablename__ = "failure_counts"

    source: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    failures: Mapped[int]
    delayed_until: Mapped[datetime | None]
    last_failed_at: Mapped[datetime] = mapped_column(index=True)


class LoginSession(Base):
    """One sign-in on one installation; its refresh tokens are one family, ended together."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_account_id_installation_id", "account_id", "installation_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    installation_id: Mapped[UUID]
    platform: Mapped[Platform]
    device_name: Mapped[str | None] = mapped_column(Text)
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RefreshToken(Base):
    """A refresh token by its SHA-256; when used it keeps its child, sealed so that only its own bearer can open it."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_created_at_session_id", "created_at", "session_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    child_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed_child: Mapped[bytes | None] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Device(Base):
    """An installation that can be pushed to; one push token belongs to one account."""

    __tablename__ = "devices"
    __table_args__ = (
        Index(
            "ix_devices_quarantined_token",
            "quarantined_token",
            postgresql_using="hash",
            postgresql_where=text("quarantined_token IS NOT NULL"),
        ),
        Index("ix_devices_abroad", "id", "time_zone", postgresql_where=text("time_zone <> 'Asia/Ho_Chi_Minh'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    installation_id: Mapped[UUID] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    platform: Mapped[Platform]
    push_token: Mapped[str | None] = mapped_column(Text, unique=True)
    # What the push service refused: kept apart, so that nothing is sent to it again until the phone has another.
    quarantined_token: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[Locale]
    time_zone: Mapped[str] = mapped_column(Text)
    app_version: Mapped[str] = mapped_column(String(40))
    device_name: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime]
    created_at: Mapped[datetime]

"""Tables of telling people: the notice, who has it in the inbox, each delivery to a device, and what each wishes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.kernel.notices import Audience, AudiencePart
from app.kernel.push import Channel, Platform
from app.kernel.security import PostKind


class Outcome(StrEnum):
    """How a delivery ended; one without an outcome is still owed. `sent` is accepted by FCM, never "read".

    `quarantined` (its token was set aside) and `rejected` (the message was refused) are dead letters: an administrator
    may have them sent anew.
    """

    sent = "sent"
    token_dead = "token_dead"  # noqa: S105 a name, not a secret
    quarantined = "quarantined"
    rejected = "rejected"
    withdrawn = "withdrawn"


DEAD_LETTERS = frozenset({Outcome.quarantined, Outcome.rejected})


class Notification(Base):
    """One notice, the same for all who get it; its texts are made when read, in the reader's language and zone.

    A broad one keeps whom it addresses, and the day by which that is judged: it stands in their inboxes without a row
    there, until each has read it.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_subject_id", "subject_id"),
        Index("ix_notifications_part_of", "part_of", postgresql_where=text("part_of IS NOT NULL")),
        Index("ix_notifications_organisation_id_id", "organisation_id", "id"),
        Index(
            "ix_notifications_audience",
            "audience_organisation_id",
            "id",
            postgresql_where=text("audience_organisation_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The fact it tells of; `events` is partitioned and may be archived apart, so there is no foreign key.
    event_id: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(40))
    channel: Mapped[Channel]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UUID]
    part_of: Mapped[UUID | None]
    # Any: what the notice's own texts need, as JSON.
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    urgent: Mapped[bool] = mapped_column(Boolean)
    breaks_quiet_hours: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    audience_organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    audience_part: Mapped[AudiencePart | None]
    audience_post_kinds: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    addressed_on: Mapped[date | None]

    @property
    def audience(self) -> Audience | None:
        """Return whom a broad notice addresses; None where the inboxes have a row for each."""
        if self.audience_organisation_id is None or self.audience_part is None:
            return None
        return Audience(
            organisation_id=self.audience_organisation_id,
            part=self.audience_part,
            post_kinds=tuple(map(PostKind, self.audience_post_kinds or ())),
        )


class InboxEntry(Base):
    """A notice in a member's inbox; the inbox is the truth, whatever became of the push.

    Of a broad notice there is a row for whoever has read it, and for nobody else.
    """

    __tablename__ = "inbox_entries"

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id"), primary_key=True)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_inbox_entries_notification_id_member_id", "notification_id", "member_id"),)


class Delivery(Base):
    """One notice to one device. The month of the notice's id says which partition holds the row.

    Leases and `not_before` are by the database's clock, since workers' clocks differ.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_open", "notification_id", "device_id", postgresql_where=text("outcome IS NULL")),
        Index(
            "ix_deliveries_failed",
            "notification_id",
            "device_id",
            postgresql_where=text("outcome IN ('token_dead', 'quarantined', 'rejected')"),
        ),
        {"postgresql_partition_by": "RANGE (notification_id)"},
    )

    notification_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    # None in rows from before it was kept.
    device_platform: Mapped[Platform | None]
    outcome: Mapped[Outcome | None]
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    leased_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # When the phone was told to take the notice away again.
    dismissed_at: Mapped[datetime | None]
    # Its push said only how many new notices there are: so many, this one among them.
    digest_count: Mapped[int | None]


class SmsDelivery(Base):
    """One notice as a text message to one member; the number is read when it is sent, and not kept here.

    Leased and fenced as a `Delivery` is.
    """

    __tablename__ = "sms_deliveries"

    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    outcome: Mapped[Outcome | None]
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    leased_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class NotificationPreference(Base):
    """A wish not to be pushed a kind of notice on a channel; no row means yes.

    Neither the inbox nor a warning of a sign-in can be switched off.
    """

    __tablename__ = "notification_preferences"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[Channel] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    enabled: Mapped[bool] = mapped_column(Boolean)

"""In session: papers of an agenda, the roster of a meeting and its roll, guests, and the tasks it gives out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "11e55a0b0111"
down_revision: str | None = "d0c0a11e0110"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("roll_version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("meetings", sa.Column("rule_set", sa.String(length=40), nullable=True))
    op.add_column("meetings", sa.Column("check_in_secret", sa.LargeBinary(), nullable=True))
    op.add_column("meetings", sa.Column("chair_id", sa.Uuid(), nullable=True))
    op.add_column("meetings", sa.Column("minute_taker_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_meetings_chair_id"), "meetings", "members", ["chair_id"], ["id"])
    op.create_foreign_key(op.f("fk_meetings_minute_taker_id"), "meetings", "members", ["minute_taker_id"], ["id"])
    op.create_table(
        "agenda_item_documents",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id", "position"],
            ["agenda_items.meeting_id", "agenda_items.position"],
            name=op.f("fk_agenda_item_documents_meeting_id_position"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_agenda_item_documents_document_id")),
        sa.PrimaryKeyConstraint("meeting_id", "position", "document_id", name=op.f("pk_agenda_item_documents")),
    )
    op.create_index("ix_agenda_item_documents_document_id", "agenda_item_documents", ["document_id"], unique=False)
    op.create_table(
        "roster_entries",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "standing",
            sa.Enum("official", "probationary", "temporary_guest", name="rosterstanding", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        sa.Column("is_away", sa.Boolean(), nullable=False),
        sa.Column(
            "attendance",
            sa.Enum(
                "present",
                "present_online",
                "late",
                "excused",
                "unexcused",
                "exempt",
                name="attendance",
                native_enum=False,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "source", sa.Enum("secretary", "code", name="rollsource", native_enum=False, length=20), nullable=True
        ),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_offline", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_roster_entries_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_roster_entries_member_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_roster_entries_entered_by")),
        sa.PrimaryKeyConstraint("meeting_id", "member_id", name=op.f("pk_roster_entries")),
    )
    op.create_index("ix_roster_entries_member_id", "roster_entries", ["member_id"], unique=False)
    op.create_table(
        "meeting_guests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("organisation_name", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_guests_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_meeting_guests_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_guests")),
    )
    op.create_index(op.f("ix_meeting_guests_meeting_id"), "meeting_guests", ["meeting_id"], unique=False)
    op.create_table(
        "meeting_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "done", "dropped", name="taskstatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_tasks_meeting_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_meeting_tasks_organisation_id")
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["members.id"], name=op.f("fk_meeting_tasks_assignee_id")),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_meeting_tasks_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_tasks")),
    )
    op.create_index(
        "ix_meeting_tasks_organisation_id_due_on",
        "meeting_tasks",
        ["organisation_id", "due_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_meeting_tasks_assignee_id_due_on", "meeting_tasks", ["assignee_id", "due_on", "id"], unique=False
    )
    op.create_index("ix_meeting_tasks_meeting_id", "meeting_tasks", ["meeting_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")

"""Personal data: requests of persons, links to copies, tombstones, keeping times, breaches."""

import sqlalchemy as sa
from alembic import op

from eservice.kit.database import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("complaints", sa.Column("notice_version", sa.String(length=20), nullable=True))
    op.create_table(
        "privacy_breaches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("noticed_at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column(
            "risk",
            sa.Enum("none", "risk", "high", name="breachrisk", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("reported_at", UtcDateTime(), nullable=True),
        sa.Column("late_reason", sa.Text(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("told_words", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_breaches")),
    )
    op.create_table(
        "privacy_retention",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_privacy_retention")),
    )
    op.create_table(
        "privacy_retention_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_retention_runs")),
    )
    op.create_index(op.f("ix_privacy_retention_runs_at"), "privacy_retention_runs", ["at"])

    op.create_table(
        "privacy_tombstones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("contact", "case", name="tombstonekind", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("open_cases", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_tombstones")),
    )
    op.create_index(op.f("ix_privacy_tombstones_subject_hash"), "privacy_tombstones", ["subject_hash"])

    op.create_table(
        "privacy_copy_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_privacy_copy_links_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_copy_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_privacy_copy_links_secret_hash")),
    )
    op.create_index(op.f("ix_privacy_copy_links_contact_id"), "privacy_copy_links", ["contact_id"])
    op.create_index(op.f("ix_privacy_copy_links_expires_at"), "privacy_copy_links", ["expires_at"])

    op.create_table(
        "privacy_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "copy",
                "correction",
                "erasure",
                "withdrawal",
                name="requestkind",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("open", "erasing", "done", "refused", name="requeststate", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("erase_by", UtcDateTime(), nullable=True),
        sa.Column("handled_by", sa.String(length=100), nullable=True),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("law", sa.String(length=200), nullable=False),
        sa.Column("farewell_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_privacy_requests_complaint_id_complaints"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_privacy_requests_contact_id_contacts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["farewell_id"],
            ["deliveries.id"],
            name=op.f("fk_privacy_requests_farewell_id_deliveries"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
    )
    op.create_index(op.f("ix_privacy_requests_complaint_id"), "privacy_requests", ["complaint_id"])
    op.create_index(op.f("ix_privacy_requests_contact_id_id"), "privacy_requests", ["contact_id", "id"])
    op.create_index(op.f("ix_privacy_requests_state_due_at"), "privacy_requests", ["state", "due_at"])


def downgrade() -> None:
    op.drop_table("privacy_requests")
    op.drop_table("privacy_copy_links")
    op.drop_table("privacy_tombstones")
    op.drop_table("privacy_retention_runs")
    op.drop_table("privacy_retention")
    op.drop_table("privacy_breaches")
    op.drop_column("complaints", "notice_version")

"""What staff have hidden in complaints, and why; never the words."""

import sqlalchemy as sa
from alembic import op

from eservice.kit.database import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_REASONS = ("health", "belief", "card", "of_another", "other")


def upgrade() -> None:
    op.create_table(
        "complaint_redactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("words", "photo", name="redactionkind", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(*_REASONS, name="redactionreason", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["staff_accounts.id"], name=op.f("fk_complaint_redactions_by_id_staff_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_redactions_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_redactions")),
    )
    op.create_index(
        op.f("ix_complaint_redactions_complaint_id"), "complaint_redactions", ["complaint_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_complaint_redactions_complaint_id"), table_name="complaint_redactions")
    op.drop_table("complaint_redactions")

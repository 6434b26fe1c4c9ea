"""Spots with a QR code, filings per address, and indexes for the public figures."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint_spots",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("village", sa.String(length=300), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_complaint_spots")),
    )
    op.create_table(
        "complaint_filings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_filings")),
    )
    with op.batch_alter_table("complaint_filings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_filings_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaint_filings_source_at"), ["source", "at"], unique=False)
    op.create_index(op.f("ix_complaints_village_source"), "complaints", ["village", "source"])
    op.create_index(
        "ix_complaints_done",
        "complaints",
        ["state", "said_done_at", "confirmed_by_silence", "filed_at", "due_at"],
    )


def downgrade() -> None:
    op.drop_index("ix_complaints_done", "complaints")
    op.drop_index(op.f("ix_complaints_village_source"), "complaints")
    op.drop_table("complaint_filings")
    op.drop_table("complaint_spots")

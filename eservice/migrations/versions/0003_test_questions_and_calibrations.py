"""Test questions of the office, and its calibrations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "faq_calibrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "shipped",
                "recalibrated",
                "moved",
                "restored",
                name="calibrationorigin",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("restored_number", sa.Integer(), nullable=True),
        sa.Column("slope", sa.Double(), nullable=False),
        sa.Column("shift", sa.Double(), nullable=False),
        sa.Column("answer_threshold", sa.Double(), nullable=False),
        sa.Column("clarify_threshold", sa.Double(), nullable=False),
        sa.Column("wanted_share", sa.Double(), nullable=True),
        sa.Column("with_entry", sa.JSON(), nullable=False),
        sa.Column("without_entry", sa.JSON(), nullable=False),
        sa.Column("confirmations", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_calibrations")),
        sa.UniqueConstraint("number", name=op.f("uq_faq_calibrations_number")),
    )
    op.create_table(
        "faq_test_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_by", sa.String(length=100), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_test_questions")),
    )


def downgrade() -> None:
    op.drop_table("faq_test_questions")
    op.drop_table("faq_calibrations")

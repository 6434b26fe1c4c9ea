"""What an office sets for all complaints together; photos found by what they are, on whichever complaint."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("radius_m", sa.Integer(), nullable=False),
        sa.Column("reopen_days", sa.Integer(), nullable=False),
        sa.Column("silence_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_complaint_rules_one_set_of_rules")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_rules")),
    )
    for column in ("original_sha256", "sha256"):
        op.create_index(op.f(f"ix_complaint_photos_{column}"), "complaint_photos", [column])


def downgrade() -> None:
    for column in ("sha256", "original_sha256"):
        op.drop_index(op.f(f"ix_complaint_photos_{column}"), "complaint_photos")
    op.drop_table("complaint_rules")

"""What an office sets for all complaints together."""

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


def downgrade() -> None:
    op.drop_table("complaint_rules")

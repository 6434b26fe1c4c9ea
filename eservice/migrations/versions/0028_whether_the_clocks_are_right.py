"""Whether the machines' clocks are right."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_checks",
        sa.Column("machine", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("offset_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("machine", "source", name=op.f("pk_clock_checks")),
    )


def downgrade() -> None:
    op.drop_table("clock_checks")

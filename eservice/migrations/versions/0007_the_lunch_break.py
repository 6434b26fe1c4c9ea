"""When the staff of the office have lunch; offices that are there already say so themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lunch_starts_at", sa.Time(), nullable=True))
        batch_op.add_column(sa.Column("lunch_ends_at", sa.Time(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_column("lunch_ends_at")
        batch_op.drop_column("lunch_starts_at")

"""How often a person changed their mind about what a wording means."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("faq_confirmations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changes", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("faq_confirmations", schema=None) as batch_op:
        batch_op.drop_column("changes")

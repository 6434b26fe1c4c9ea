"""What is usually reported at a spot: its category."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "complaint_spots", sa.Column("category", sa.String(length=100), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("complaint_spots", "category")

"""The learned numbers that a calibration was made with."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("faq_calibrations", sa.Column("weights", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("faq_calibrations", "weights")

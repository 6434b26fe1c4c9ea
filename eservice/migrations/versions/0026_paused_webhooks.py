"""Since when messages to a partner wait."""

import sqlalchemy as sa
from alembic import op

from eservice.kit.database import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_subscriptions", sa.Column("paused_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_subscriptions", "paused_at")

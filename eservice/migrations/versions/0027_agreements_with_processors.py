"""The agreement with each who handles personal data for the office."""

import sqlalchemy as sa
from alembic import op

import eservice.kit.database

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_agreements",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("is_needless", sa.Boolean(), nullable=False),
        sa.Column("noted_by", sa.String(length=100), nullable=False),
        sa.Column("noted_at", eservice.kit.database.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_privacy_agreements")),
    )


def downgrade() -> None:
    op.drop_table("privacy_agreements")

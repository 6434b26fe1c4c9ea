"""The office's look and privacy contact, steps of setting up, starter entries, channels connected in the console."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_CHANNELS = sa.Enum("line", "telegram", "web", name="channelname", native_enum=False, length=30)
_OFFICE = {
    "header_colour": 7,
    "action_colour": 7,
    "privacy_contact": 200,
    "privacy_phone": 50,
    "privacy_email": 200,
}


def upgrade() -> None:
    for name, length in _OFFICE.items():
        op.add_column("office", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.add_column("office", sa.Column("seal_key", sa.String(length=32), nullable=True))
    op.add_column("office", sa.Column("setup_steps", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column(
        "faq_entries", sa.Column("is_starter", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "channel_credentials",
        sa.Column("channel", _CHANNELS, nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(length=100), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_credentials")),
    )
    op.add_column("channel_states", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("channel_states", sa.Column("check_passed", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("channel_states", "check_passed")
    op.drop_column("channel_states", "checked_at")
    op.drop_table("channel_credentials")
    op.drop_column("faq_entries", "is_starter")
    op.drop_column("office", "setup_steps")
    op.drop_column("office", "seal_key")
    for name in reversed(_OFFICE):
        op.drop_column("office", name)

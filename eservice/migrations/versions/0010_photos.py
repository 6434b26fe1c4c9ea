"""Photos of complaints, those still on their way, and which of them show that the work is done."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint_photo_arrivals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum("line", "telegram", "web", name="channelname", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("media_ref", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("coming", "refused", "lost", name="arrivalstate", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_photo_arrivals_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_complaint_photo_arrivals_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_complaint_photo_arrivals_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_photo_arrivals")),
        sa.UniqueConstraint("message_id", name=op.f("uq_complaint_photo_arrivals_message_id")),
    )
    with op.batch_alter_table("complaint_photo_arrivals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_photo_arrivals_complaint_id"), ["complaint_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_complaint_photo_arrivals_contact_id_at"), ["contact_id", "at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_complaint_photo_arrivals_state_due_at"), ["state", "due_at"], unique=False
        )

    op.create_table(
        "complaint_photos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("resident", "before", "after", name="photokind", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("look", sa.String(length=16), nullable=False),
        sa.Column("image_key", sa.String(length=32), nullable=False),
        sa.Column("thumbnail_key", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("near_photo_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_photos_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_complaint_photos_contact_id_contacts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_complaint_photos_message_id_messages"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["near_photo_id"],
            ["complaint_photos.id"],
            name=op.f("fk_complaint_photos_near_photo_id_complaint_photos"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"],
            ["staff_accounts.id"],
            name=op.f("fk_complaint_photos_uploaded_by_id_staff_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_photos")),
        sa.UniqueConstraint("image_key", name=op.f("uq_complaint_photos_image_key")),
        sa.UniqueConstraint("thumbnail_key", name=op.f("uq_complaint_photos_thumbnail_key")),
    )
    with op.batch_alter_table("complaint_photos", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_photos_complaint_id_id"), ["complaint_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_complaint_photos_contact_id_at"), ["contact_id", "at"], unique=False
        )
        batch_op.create_index(
            "ix_complaint_photos_forgotten_at",
            ["forgotten_at"],
            unique=False,
            sqlite_where=sa.text("forgotten_at IS NOT NULL"),
            postgresql_where=sa.text("forgotten_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_complaint_photos_held",
            ["at"],
            unique=False,
            sqlite_where=sa.text("complaint_id IS NULL"),
            postgresql_where=sa.text("complaint_id IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_complaint_photos_message_id"), ["message_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_complaint_photos_near_photo_id"), ["near_photo_id"], unique=False
        )
    # Plainly, not in a batch: SQLite would make the table anew, and drop with the old one all that refers to it.
    op.add_column(
        "complaints", sa.Column("proposed_photo_ids", sa.JSON(), nullable=False, server_default="[]")
    )
    op.drop_column("complaints", "proposed_with_photo")


def downgrade() -> None:
    op.add_column(
        "complaints",
        sa.Column("proposed_with_photo", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.drop_column("complaints", "proposed_photo_ids")
    op.drop_table("complaint_photos")
    op.drop_table("complaint_photo_arrivals")

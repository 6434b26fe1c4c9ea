"""Learned wordings, who confirmed them, and the office's rules of learning."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("faq_asks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_context", sa.Boolean(), server_default=sa.false(), nullable=False))

    op.create_table(
        "faq_learning_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("reviewed", "automatic", name="learningmode", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("review_people", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("contact_age_days", sa.Integer(), nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=False),
        sa.Column("corrections_at_once", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_faq_learning_rules_one_set_of_rules")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_learning_rules")),
    )
    op.create_table(
        "faq_phrasings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "collecting",
                "pending",
                "active",
                "rejected",
                "withdrawn",
                name="phrasingstate",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum("residents", "staff", name="phrasingsource", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("proposed_by", sa.String(length=100), nullable=True),
        sa.Column("origin_message_id", sa.Integer(), nullable=True),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("contradicted", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["faq_entries.id"],
            name=op.f("fk_faq_phrasings_entry_id_faq_entries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["origin_message_id"],
            ["messages.id"],
            name=op.f("fk_faq_phrasings_origin_message_id_messages"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_phrasings")),
        sa.UniqueConstraint("identity", "entry_id", name=op.f("uq_faq_phrasings_identity_entry_id")),
    )
    with op.batch_alter_table("faq_phrasings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_faq_phrasings_entry_id_created_at"), ["entry_id", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_faq_phrasings_origin_message_id"), ["origin_message_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_faq_phrasings_state_entry_id"), ["state", "entry_id"], unique=False
        )
        batch_op.create_index(
            "uq_faq_phrasings_active",
            ["identity"],
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )
        batch_op.create_index(
            "uq_faq_phrasings_no_entry",
            ["identity"],
            unique=True,
            sqlite_where=sa.text("entry_id IS NULL"),
            postgresql_where=sa.text("entry_id IS NULL"),
        )

    op.create_table(
        "faq_confirmations",
        sa.Column("phrasing_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_faq_confirmations_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_faq_confirmations_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["phrasing_id"],
            ["faq_phrasings.id"],
            name=op.f("fk_faq_confirmations_phrasing_id_faq_phrasings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("phrasing_id", "contact_id", name=op.f("pk_faq_confirmations")),
    )
    with op.batch_alter_table("faq_confirmations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_faq_confirmations_contact_id_at"), ["contact_id", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_faq_confirmations_message_id"), ["message_id"], unique=False)


def downgrade() -> None:
    op.drop_table("faq_confirmations")
    op.drop_table("faq_phrasings")
    op.drop_table("faq_learning_rules")
    with op.batch_alter_table("faq_asks", schema=None) as batch_op:
        batch_op.drop_column("in_context")

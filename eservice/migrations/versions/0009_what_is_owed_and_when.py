"""What is owed and when: categories, extensions, escalations, ratings; and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint_failed_lookups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_failed_lookups")),
    )
    with op.batch_alter_table("complaint_failed_lookups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_failed_lookups_at"), ["at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_complaint_failed_lookups_source_at"), ["source", "at"], unique=False
        )

    op.create_table(
        "outbox_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_events")),
    )
    with op.batch_alter_table("outbox_events", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_events_waiting", ["done_at", "due_at", "id"], unique=False)

    op.create_table(
        "complaint_categories",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("needs_photo", sa.Boolean(), nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
            name=op.f("fk_complaint_categories_department_id_departments"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_complaint_categories")),
    )
    op.create_table(
        "complaint_escalations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column(
            "clock",
            sa.Enum("work", "answer", name="escalationclock", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column(
            "position",
            sa.Enum("head", "palad", "nayok", name="position", native_enum=False, length=30),
            nullable=True,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_escalations_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_escalations")),
        sa.UniqueConstraint(
            "complaint_id",
            "clock",
            "position",
            "due_at",
            name=op.f("uq_complaint_escalations_complaint_id_clock_position_due_at"),
        ),
    )
    op.create_table(
        "complaint_extensions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_extensions_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"],
            ["staff_accounts.id"],
            name=op.f("fk_complaint_extensions_given_by_id_staff_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_extensions")),
    )
    with op.batch_alter_table("complaint_extensions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_extensions_complaint_id"), ["complaint_id"], unique=False
        )

    op.create_table(
        "complaint_ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_ratings_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_ratings")),
        sa.UniqueConstraint("complaint_id", "about", name=op.f("uq_complaint_ratings_complaint_id_about")),
    )
    op.create_table(
        "improvement_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rating_id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_improvement_tasks_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["staff_accounts.id"], name=op.f("fk_improvement_tasks_owner_id_staff_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["rating_id"],
            ["complaint_ratings.id"],
            name=op.f("fk_improvement_tasks_rating_id_complaint_ratings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_tasks")),
        sa.UniqueConstraint("rating_id", name=op.f("uq_improvement_tasks_rating_id")),
    )
    with op.batch_alter_table("improvement_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_improvement_tasks_complaint_id"), ["complaint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_improvement_tasks_owner_id"), ["owner_id"], unique=False)

    # No batch here: SQLite would build `complaints` anew, and with the old one everything below it would go.
    op.add_column(
        "complaints", sa.Column("is_corrected", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("complaints", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_complaints_filed_at"), "complaints", ["filed_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_complaints_filed_at"), "complaints")
    op.drop_column("complaints", "answered_at")
    op.drop_column("complaints", "is_corrected")

    with op.batch_alter_table("improvement_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_improvement_tasks_owner_id"))
        batch_op.drop_index(batch_op.f("ix_improvement_tasks_complaint_id"))

    op.drop_table("improvement_tasks")
    op.drop_table("complaint_ratings")
    with op.batch_alter_table("complaint_extensions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_extensions_complaint_id"))

    op.drop_table("complaint_extensions")
    op.drop_table("complaint_escalations")
    op.drop_table("complaint_categories")
    with op.batch_alter_table("outbox_events", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_events_waiting")

    op.drop_table("outbox_events")
    with op.batch_alter_table("complaint_failed_lookups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_failed_lookups_source_at"))
        batch_op.drop_index(batch_op.f("ix_complaint_failed_lookups_at"))

    op.drop_table("complaint_failed_lookups")

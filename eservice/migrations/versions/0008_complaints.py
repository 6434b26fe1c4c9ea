"""Complaints: the cases, whom they accuse, their history, what was said, who follows."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "line",
                "telegram",
                "web",
                "walk_in",
                "phone",
                "letter",
                name="source",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("filed_by_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("reporter_name", sa.String(length=300), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("village", sa.String(length=300), nullable=False),
        sa.Column(
            "urgency",
            sa.Enum("urgent", "normal", "low", name="urgency", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("needs_photo", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "assigned",
                "in_progress",
                "needs_information",
                "waiting",
                "resolved",
                "confirmed",
                "reopened",
                "rejected",
                "duplicate",
                "withdrawn",
                name="complaintstate",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column(
            "waiting_reason",
            sa.Enum(
                "budget", "procurement", "other_agency", name="waitingreason", native_enum=False, length=30
            ),
            nullable=True,
        ),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_note", sa.Text(), nullable=True),
        sa.Column("proposed_with_photo", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by_silence", sa.Boolean(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_complaints_whole_position")
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["staff_accounts.id"], name=op.f("fk_complaints_assignee_id_staff_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_complaints_contact_id_contacts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_complaints_department_id_departments")
        ),
        sa.ForeignKeyConstraint(
            ["filed_by_id"], ["staff_accounts.id"], name=op.f("fk_complaints_filed_by_id_staff_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["complaints.id"], name=op.f("fk_complaints_parent_id_complaints")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"],
            ["staff_accounts.id"],
            name=op.f("fk_complaints_proposed_by_id_staff_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_complaints_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
    )
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaints_assignee_id"), ["assignee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaints_category_state"), ["category", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaints_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_complaints_department_id_state"), ["department_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_complaints_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaints_state_filed_at"), ["state", "filed_at"], unique=False)

    op.create_table(
        "complaint_accused",
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_accused_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_complaint_accused_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("complaint_id", "department_id", name=op.f("pk_complaint_accused")),
    )
    with op.batch_alter_table("complaint_accused", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_accused_department_id"), ["department_id"], unique=False
        )

    op.create_table(
        "complaint_comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("reply", "resident", "note", name="commentkind", native_enum=False, length=30),
            nullable=False,
        ),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["staff_accounts.id"], name=op.f("fk_complaint_comments_author_id_staff_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_comments_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_comments")),
    )
    with op.batch_alter_table("complaint_comments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_comments_complaint_id_id"), ["complaint_id", "id"], unique=False
        )

    op.create_table(
        "complaint_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column(
            "before",
            sa.Enum(
                "received",
                "assigned",
                "in_progress",
                "needs_information",
                "waiting",
                "resolved",
                "confirmed",
                "reopened",
                "rejected",
                "duplicate",
                "withdrawn",
                name="complaintstate",
                native_enum=False,
                length=30,
            ),
            nullable=True,
        ),
        sa.Column(
            "after",
            sa.Enum(
                "received",
                "assigned",
                "in_progress",
                "needs_information",
                "waiting",
                "resolved",
                "confirmed",
                "reopened",
                "rejected",
                "duplicate",
                "withdrawn",
                name="complaintstate",
                native_enum=False,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column(
            "actor",
            sa.Enum(
                "officer", "second_officer", "resident", "system", name="actor", native_enum=False, length=30
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "waiting_reason",
            sa.Enum(
                "budget", "procurement", "other_agency", name="waitingreason", native_enum=False, length=30
            ),
            nullable=True,
        ),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_events_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_complaint_events_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_events")),
    )
    with op.batch_alter_table("complaint_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaint_events_complaint_id_id"), ["complaint_id", "id"], unique=False
        )

    op.create_table(
        "complaint_followers",
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_followers_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_complaint_followers_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("complaint_id", "contact_id", name=op.f("pk_complaint_followers")),
    )
    with op.batch_alter_table("complaint_followers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_followers_contact_id"), ["contact_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("complaint_followers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_followers_contact_id"))

    op.drop_table("complaint_followers")
    with op.batch_alter_table("complaint_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_events_complaint_id_id"))

    op.drop_table("complaint_events")
    with op.batch_alter_table("complaint_comments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_comments_complaint_id_id"))

    op.drop_table("complaint_comments")
    with op.batch_alter_table("complaint_accused", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_accused_department_id"))

    op.drop_table("complaint_accused")
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaints_state_filed_at"))
        batch_op.drop_index(batch_op.f("ix_complaints_parent_id"))
        batch_op.drop_index(batch_op.f("ix_complaints_department_id_state"))
        batch_op.drop_index(batch_op.f("ix_complaints_contact_id"))
        batch_op.drop_index(batch_op.f("ix_complaints_category_state"))
        batch_op.drop_index(batch_op.f("ix_complaints_assignee_id"))

    op.drop_table("complaints")

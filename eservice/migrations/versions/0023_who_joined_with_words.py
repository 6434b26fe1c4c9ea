"""Whose the words are that were brought along to the case of another, so that they go with that person."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_NAME = "fk_complaint_comments_contact_id_contacts"


def upgrade() -> None:
    with op.batch_alter_table("complaint_comments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contact_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f(_NAME), "contacts", ["contact_id"], ["id"], ondelete="SET NULL")
        batch_op.create_index(batch_op.f("ix_complaint_comments_contact_id"), ["contact_id"], unique=False)
    op.execute(  # of those who follow still, the instant tells
        """
        UPDATE complaint_comments SET contact_id = (
            SELECT min(f.contact_id) FROM complaint_followers f
            WHERE f.complaint_id = complaint_comments.complaint_id AND f.at = complaint_comments.at
        ) WHERE kind = 'joined'
        """
    )


def downgrade() -> None:
    with op.batch_alter_table("complaint_comments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_comments_contact_id"))
        batch_op.drop_constraint(op.f(_NAME), type_="foreignkey")
        batch_op.drop_column("contact_id")

"""Who asks about personal data at the counter, by letter or on the telephone, with the national id sealed."""

import sqlalchemy as sa
from alembic import op

from eservice.kit.database import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _kind(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=30)


def _of_request(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_request_id_privacy_requests"
    return sa.ForeignKeyConstraint(
        ["request_id"], ["privacy_requests.id"], name=op.f(name), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "privacy_askers",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("came_by", _kind("cameby", "counter", "letter", "telephone"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reach_by", _kind("reachby", "telephone", "address"), nullable=False),
        sa.Column("reach", sa.String(length=500), nullable=False),
        sa.Column("identity", _kind("identity", "not_yet", "card", "attorney", "case_key"), nullable=False),
        sa.Column("age", _kind("age", "grown", "minor", "child"), nullable=False),
        sa.Column("guardian", sa.String(length=200), nullable=False),
        sa.Column("relation", sa.String(length=100), nullable=False),
        sa.Column("alone_reason", sa.String(length=500), nullable=False),
        sa.Column("taken_by", sa.String(length=100), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("told_by", sa.String(length=100), nullable=True),
        _of_request("privacy_askers"),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_privacy_askers")),
    )
    op.create_table(
        "privacy_national_ids",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.String(length=300), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        _of_request("privacy_national_ids"),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_privacy_national_ids")),
    )
    op.create_table(
        "privacy_request_cases",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_privacy_request_cases_complaint_id_complaints"),
            ondelete="CASCADE",
        ),
        _of_request("privacy_request_cases"),
        sa.PrimaryKeyConstraint("request_id", "complaint_id", name=op.f("pk_privacy_request_cases")),
    )
    op.create_index(op.f("ix_privacy_request_cases_complaint_id"), "privacy_request_cases", ["complaint_id"])


def downgrade() -> None:
    op.drop_table("privacy_request_cases")
    op.drop_table("privacy_national_ids")
    op.drop_table("privacy_askers")

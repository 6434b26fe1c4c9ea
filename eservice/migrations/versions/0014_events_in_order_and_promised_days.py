"""What an event of the outbox is about, so that they are acted on in order; the working days promised."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SHIPPED = {
    "ถนนและทางเท้า": 15,
    "ไฟฟ้าแสงสว่าง": 5,
    "น้ำประปา": 3,
    "ขยะและความสะอาด": 3,
    "น้ำท่วมและท่อระบายน้ำ": 5,
    "สัตว์จรจัด": 7,
    "เสียงกลิ่นควัน": 7,
    "ต้นไม้และสิ่งกีดขวาง": 5,
    "อาคารและก่อสร้าง": 30,
    "ความปลอดภัย": 1,
    "ทุจริต": 30,
    "บริการเจ้าหน้าที่": 15,
    "เสนอแนะ": 15,
    "ชื่นชม": 7,
}
_OTHER = 15

_complaints = sa.table("complaints", sa.column("category", sa.String), sa.column("promised_days", sa.Integer))
_categories = sa.table(
    "complaint_categories", sa.column("name", sa.String), sa.column("working_days", sa.Integer)
)


def upgrade() -> None:
    # No batch here: SQLite would build `complaints` anew, and with the old one everything below it would go.
    op.add_column(
        "outbox_events", sa.Column("subject", sa.String(length=60), nullable=False, server_default="")
    )
    op.create_index(op.f("ix_outbox_events_subject_id"), "outbox_events", ["subject", "id"])
    op.add_column(
        "complaints", sa.Column("promised_days", sa.Integer(), nullable=False, server_default=str(_OTHER))
    )
    own = (
        sa.select(_categories.c.working_days)
        .where(_categories.c.name == _complaints.c.category)
        .scalar_subquery()
    )
    shipped = sa.case(_SHIPPED, value=_complaints.c.category, else_=_OTHER)
    op.execute(_complaints.update().values(promised_days=sa.func.coalesce(own, shipped)))


def downgrade() -> None:
    op.drop_column("complaints", "promised_days")
    op.drop_index(op.f("ix_outbox_events_subject_id"), "outbox_events")
    op.drop_column("outbox_events", "subject")

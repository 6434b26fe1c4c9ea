"""The audit becomes a chain: what is there is chained in the order of its ids, and the end is sealed.

Before anything that is there stands a record of this moment: what was done to the others before it, no chain can
tell. So it is at the first migration, and after the chain was given up for an older version and begun anew.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_AT_ONCE = 1_000

_records = sa.table(
    "audit_records",
    sa.column("id", sa.Integer),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor", sa.String),
    sa.column("action", sa.String),
    sa.column("subject_kind", sa.String),
    sa.column("subject_id", sa.String),
    sa.column("before", sa.JSON),
    sa.column("after", sa.JSON),
    sa.column("sequence", sa.BigInteger),
    sa.column("previous_hash", sa.String),
    sa.column("hash", sa.String),
)


def upgrade() -> None:
    heads = op.create_table(
        "chain_heads",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("base_sequence", sa.BigInteger(), nullable=False),
        sa.Column("base_hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chain_heads")),
    )
    with op.batch_alter_table("audit_records") as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("previous_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_audit_records_sequence"), ["sequence"])
    op.create_index(op.f("ix_audit_records_actor_id"), "audit_records", ["actor", "id"])
    op.create_index(op.f("ix_audit_records_at"), "audit_records", ["at"])
    sequence, last = _chain_what_is_there()
    op.bulk_insert(heads, [_head("audit", sequence, last)])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_records_at"), "audit_records")
    op.drop_index(op.f("ix_audit_records_actor_id"), "audit_records")
    with op.batch_alter_table("audit_records") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_audit_records_sequence"), type_="unique")
        batch_op.drop_column("hash")
        batch_op.drop_column("previous_hash")
        batch_op.drop_column("sequence")
    op.drop_table("chain_heads")


def _chain_what_is_there() -> tuple[int, str]:
    connection = op.get_bind()
    sequence, previous, last_id = 0, _GENESIS, 0
    begun = _begin()
    chosen = sa.select(_records).order_by(_records.c.id).limit(_AT_ONCE)
    chained = (
        _records.update()
        .where(_records.c.id == sa.bindparam("row"))
        .values(
            sequence=sa.bindparam("place"), previous_hash=sa.bindparam("before_it"), hash=sa.bindparam("own")
        )
    )
    following = chosen.where(_records.c.id != begun)
    rows = connection.execute(chosen.where(_records.c.id == begun)).mappings().all()
    while rows:
        changes = []
        for row in rows:
            sequence += 1
            columns = {**row, "sequence": sequence, "previous_hash": previous}
            own = _hash("audit", columns)
            changes.append({"row": row["id"], "place": sequence, "before_it": previous, "own": own})
            previous, last_id = own, row["id"] if row["id"] != begun else 0
        connection.execute(chained, changes)
        rows = connection.execute(following.where(_records.c.id > last_id)).mappings().all()
    return sequence, previous


def _begin() -> int | None:
    """The id of the record that says when the chain began; None where there is nothing that came before."""
    connection = op.get_bind()
    rows = connection.scalar(sa.select(sa.func.count()).select_from(_records))
    if not rows:
        return None
    config = op.get_context().config
    assert config is not None
    begun = _records.insert().values(
        at=config.attributes["now"](), actor="system", action="chain.begun", subject_kind="chain",
        subject_id="audit", after={"rows_before": rows},
    )  # fmt: skip
    return connection.scalar(begun.returning(_records.c.id))


def _hash(name: str, row: dict[str, object]) -> str:
    columns = {key: value for key, value in row.items() if value is not None and key != "hash"}
    canonical = json.dumps(
        [name, columns], ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)  # SQLite keeps no zone
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def _head(name: str, sequence: int, last: str) -> dict[str, object]:
    config = op.get_context().config
    assert config is not None
    key = config.attributes["signing_key"]().encode()
    says = [name, sequence, last, 0, _GENESIS]
    return {
        "name": name, "sequence": sequence, "hash": last, "base_sequence": 0, "base_hash": _GENESIS,
        "key_id": _signed(_signed_key(key, "id"), b"")[:16],
        "seal": _signed(_signed_key(key, name), json.dumps(says).encode()),
    }  # fmt: skip


def _signed_key(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, f"chain:{purpose}".encode(), hashlib.sha256).digest()


def _signed(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()

"""The traffic log as a chain of its own, and the orders that keep parts of it longer."""

import hashlib
import hmac
import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64


def upgrade() -> None:
    op.create_table(
        "traffic_rows",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=45), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("session", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_traffic_rows")),
    )
    op.create_index(op.f("ix_traffic_rows_at"), "traffic_rows", ["at"])
    op.create_index(op.f("ix_traffic_rows_source_at"), "traffic_rows", ["source", "at"])
    op.create_index(op.f("ix_traffic_rows_account_at"), "traffic_rows", ["account", "at"])
    op.create_table(
        "traffic_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_reference", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("covers_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_traffic_holds")),
    )
    heads = sa.table(
        "chain_heads",
        *(
            sa.column(name)
            for name in ("name", "sequence", "hash", "base_sequence", "base_hash", "key_id", "seal")
        ),
    )
    op.bulk_insert(heads, [_empty_head("traffic")])


def downgrade() -> None:
    op.execute("DELETE FROM chain_heads WHERE name = 'traffic'")
    op.drop_table("traffic_holds")
    op.drop_table("traffic_rows")


def _empty_head(name: str) -> dict[str, object]:
    config = op.get_context().config
    assert config is not None
    key = config.attributes["signing_key"]().encode()
    says = [name, 0, _GENESIS, 0, _GENESIS]
    return {
        "name": name, "sequence": 0, "hash": _GENESIS, "base_sequence": 0, "base_hash": _GENESIS,
        "key_id": _signed(_signed(key, b"chain:id"), b"").hex()[:16],
        "seal": _signed(_signed(key, f"chain:{name}".encode()), json.dumps(says).encode()).hex(),
    }  # fmt: skip


def _signed(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()

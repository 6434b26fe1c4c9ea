"""Alembic's entry: runs migrations on the connection that `eservice.kit.migrate` hands over."""

from typing import Any, Literal

from alembic import context

from eservice.kit.database import Base, UtcDateTime
from eservice.tables import ALL_MODELS  # noqa: F401 - importing them fills the metadata


def render_item(kind: str, item: Any, autogen_context: object) -> str | Literal[False]:
    """Writes our own types as plain ones, so that an old migration never needs today's code."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()

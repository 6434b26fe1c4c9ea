"""Alembic migrations, numbered; each runs on SQLite and PostgreSQL, up and down."""

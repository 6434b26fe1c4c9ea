"""Every migration runs up, matches the models, and runs down, on both databases."""

from sqlalchemy import inspect

from eservice.kit.database import Database
from eservice.kit.migrate import check, downgrade, is_current, migrate


def test_migrations_run_up_match_the_models_and_run_down(fresh_database: Database) -> None:
    migrate(fresh_database)
    assert is_current(fresh_database)
    check(fresh_database)
    downgrade(fresh_database, "base")
    assert set(inspect(fresh_database.engine).get_table_names()) <= {"alembic_version"}
    migrate(fresh_database)
    assert is_current(fresh_database)


def test_migrating_a_current_database_changes_nothing(fresh_database: Database) -> None:
    migrate(fresh_database)
    migrate(fresh_database)
    check(fresh_database)

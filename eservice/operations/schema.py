"""Taking the schema back, before an older version of the program: what is lost by it is said, and on record."""

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import inspect

from eservice.kit import audit, in_use
from eservice.kit.chain import Verified, verify
from eservice.kit.database import Database, open_database
from eservice.kit.errors import ErrorKind, ServiceError, conflict, not_found
from eservice.kit.migrate import current_revision, downgrade, is_known, undone_by
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local
from eservice.operations.chains import CHAINS, CLI

OLDEST = "0014"  # of the version before chains and set-up; nobody has an older one to go back to
CHAINS_BEGIN = frozenset(
    {"0015", "0016"}
)  # undoing them takes the hashes of the audit, or the traffic log, away
FORGOTTEN = "forgotten-chains.jsonl"
_TEXTS = Catalogue(Path(__file__).parent / "text")


def take_back(settings: Settings, target: str, *, forget_chains: bool) -> None:
    """`migrate --down-to`: undoes migrations while nobody serves, and says what was done.

    Raises ServiceError `operations.no_database`, `operations.newer_schema`, `operations.not_below`,
    `operations.too_old`, `operations.would_forget_chains`, `operations.in_use`.
    """
    database = open_database(settings)
    if database.is_sqlite and not Path(database.url.database or "").is_file():
        raise not_found("operations.no_database")
    with in_use.alone(database):
        current = current_revision(database)
        if current is None:
            raise not_found("operations.no_database")
        if not is_known(current):
            raise conflict("operations.newer_schema")
        undone = undone_by(current, target)
        if undone is None:
            raise ServiceError("operations.not_below", ErrorKind.CONFLICT, parameters={"current": current})
        if OLDEST in undone:
            raise ServiceError("operations.too_old", ErrorKind.CONFLICT, parameters={"oldest": OLDEST})
        forgets = bool(CHAINS_BEGIN & set(undone))
        if forgets and not forget_chains:
            raise conflict("operations.would_forget_chains")
        now = _record(database, current, target, forgets=forgets)
        if forgets:
            _keep_marks(database, settings.data_dir, now, target)
        downgrade(database, target)
    print(_TEXTS.both("schema.taken_back", before=current, after=target))
    database.dispose()


def _record(database: Database, current: str, target: str, *, forgets: bool) -> datetime:
    """On record before it is done: afterwards the tables are no longer those that this program writes to."""
    with database.unit_of_work() as uow:
        if _has_chains(database):
            audit.record(
                uow, actor=CLI, action="schema.taken_back", subject_kind="schema", subject_id=target,
                before={"revision": current}, after={"revision": target, "forgets_chains": forgets},
            )  # fmt: skip
        return uow.now


def _keep_marks(database: Database, data_dir: Path, now: datetime, target: str) -> None:
    """Says how the chains stood, and keeps it outside of the database that they are taken from."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / FORGOTTEN).open("a", encoding="utf-8") as file:
        for found in _verified(database):
            fault = found.fault.value if found.fault is not None else ""
            line = {"at": local(now).isoformat(), "down_to": target, "chain": found.name,
                    "rows": found.rows, "mark": found.mark, "fault": fault}  # fmt: skip
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            words = "schema.mark" if not fault else "schema.broken_mark"
            print(_TEXTS.both(words, name=found.name, rows=f"{found.rows:,}", mark=found.mark))
    print(_TEXTS.both("schema.marks_kept", path=data_dir / FORGOTTEN))


def _verified(database: Database) -> list[Verified]:
    if not _has_chains(database):
        return []
    tables = set(inspect(database.engine).get_table_names())
    with database.read() as reader:
        return [verify(reader, chain) for chain in CHAINS if chain.model.__tablename__ in tables]


def _has_chains(database: Database) -> bool:
    return inspect(database.engine).has_table("chain_heads")

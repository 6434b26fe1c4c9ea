"""What the worker does for privacy: agreed erasures, cases closed since, links that are over, keeping times."""

from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import MediaStore
from eservice.privacy import alarms, copies, erasure, requests, retention, tombstones

log = structlog.get_logger()


def keep(database: Database, media: MediaStore, folder: Path, *, signing_key: str) -> int:
    """Does all of it, in transactions of its own; returns how many people and cases were erased.

    `folder` is DATA_DIR, where the tombstones are kept beside the database. Raises ServiceError
    `media.unavailable`: the rows are gone then, and the files go next time.
    """
    with database.read() as reader:
        due = requests.due_erasures(reader)
        more = erasure.waits_for_closing(reader) or copies.any_over(reader)
    done = 0
    for request_id in due:
        try:
            with database.unit_of_work() as uow:
                requests.finish_erasure(uow, request_id, signing_key=signing_key)
            done += 1
        except (SQLAlchemyError, ServiceError) as error:
            # It is tried again, and must not hold back the others.
            log.error("privacy.not_erased", request=request_id, error=type(error).__name__, exc_info=error)
    closed = 0
    if more:  # else no turn as writer is taken from anybody
        with database.unit_of_work() as uow:
            closed = erasure.erase_closed(uow, signing_key=signing_key)
            copies.forget_links(uow)
    if retention.run_daily(database) is not None:
        _tell_log(database)
    erased = done + closed
    if erased:
        erasure.forget_files(database, media)
    tombstones.keep_outside(database, folder)  # last: a damaged file stops nothing else
    return erased


def _tell_log(database: Database) -> None:
    """What staff see on every page, once a day for those who watch the log."""
    with database.read() as reader:
        alarm = alarms.read_alarm(reader)
    if alarm.is_urgent:
        log.warning("privacy.urgent", requests=alarm.pressing, breaches=alarm.breaches)

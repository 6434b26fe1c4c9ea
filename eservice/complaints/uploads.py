"""Photos that come over HTTP: drawn and stored before the transaction that attaches them, deleted if it refuses.

Drawing takes much memory for a moment, and any number of requests may come at once: few are drawn at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import structlog

from eservice.complaints import photos
from eservice.complaints.photos import KeptPhoto
from eservice.complaints.pictures import prepare
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.media import MediaStore, reason_of

DRAWN_AT_ONCE = 2  # in one process; each takes up to 400 MB of memory
WAIT_SECONDS = 20.0

_drawing = BoundedSemaphore(DRAWN_AT_ONCE)

log = structlog.get_logger()


@contextmanager
def kept_for(media: MediaStore, content: bytes) -> Iterator[KeptPhoto]:
    """Draws a file anew and stores it for the block that gives it a row; deletes it when the block is refused.

    After a fault it stays, for the row may be there: without one it is found a day later. Not inside a
    transaction. Raises ServiceError `http.too_many` while too many others are being drawn,
    `media.unavailable`, and what `pictures.prepare` raises.
    """
    if not _drawing.acquire(timeout=WAIT_SECONDS):
        raise ServiceError("http.too_many", ErrorKind.TOO_MANY, retry_after_seconds=20)
    try:
        prepared = prepare(content)
    finally:
        _drawing.release()
    kept = photos.keep(media, prepared)
    try:
        yield kept
    except ServiceError:
        _give_up(media, kept)
        raise


def _give_up(media: MediaStore, kept: KeptPhoto) -> None:
    """Deletes what got no row. What the store does not delete now is found a day later."""
    try:
        media.delete(kept.keys)
    except ServiceError as fault:
        log.warning("photos.not_deleted", reason=reason_of(fault))

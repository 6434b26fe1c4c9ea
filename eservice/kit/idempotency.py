"""Requests that are sent twice but done once: the first answer is kept for a day and given again.

The key is committed with what the request did. A request that was refused leaves nothing, and may be
repeated.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base, insert_new
from eservice.kit.errors import conflict
from eservice.kit.unit_of_work import UnitOfWork

KEPT = timedelta(days=1)


class DoneRequest(Base):
    """A request that was done. `id` is a hash of who asked, for what, and under which key."""

    __tablename__ = "done_requests"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))  # a hash of all that was asked
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]


def once(
    uow: UnitOfWork, *, caller: str, route: str, key: str, asked: str, do: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Calls `do` the first time; afterwards gives its answer again.

    Raises ServiceError `http.key_reused` when the same key comes with something else to do.
    """
    request_id, fingerprint = _hash(caller, route, key), _hash(asked)
    row = {"id": request_id, "asked": fingerprint, "answer": {}, "at": uow.now}
    if insert_new(uow.session, DoneRequest, [row]) == 0:
        known = uow.session.get_one(DoneRequest, request_id)
        if known.asked != fingerprint:
            raise conflict("http.key_reused")
        return known.answer
    answer = do()
    uow.session.get_one(DoneRequest, request_id).answer = answer
    return answer


def forget_done(uow: UnitOfWork) -> None:
    """Deletes what nobody will send again."""
    uow.session.execute(delete(DoneRequest).where(DoneRequest.at < uow.now - KEPT))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

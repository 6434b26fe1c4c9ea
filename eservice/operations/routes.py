"""`/healthz`, `/readyz` and `/metrics`. None of them says anything about people."""

from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from eservice.kit import heartbeat
from eservice.kit.database import Database
from eservice.kit.http import Reader
from eservice.kit.migrate import is_current
from eservice.kit.thai_calendar import local
from eservice.operations.maintenance import under_maintenance
from eservice.operations.metrics import Metrics


def create_router(database: Database, metrics: Metrics, data_dir: Path) -> APIRouter:
    """The routes of operation."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Alive: the process answers."""
        return {"status": "ok"}

    @router.get("/readyz", responses={503: {"description": "Not ready", "content": {"application/json": {}}}})
    def readyz() -> JSONResponse:
        """Ready: the database answers, its schema is current, and a worker gave a sign of life.

        `closed_since` is told while the maintenance page is on; it makes nothing less ready.
        """
        checks = {"database": False, "migrations": False, "worker": False}
        try:
            checks["migrations"] = is_current(database)
            with database.read() as reader:
                checks["worker"] = heartbeat.is_fresh(reader)
            checks["database"] = True
        except SQLAlchemyError:
            pass
        closed = under_maintenance(data_dir)
        since = {} if closed is None else {"closed_since": _written(closed.since)}
        return JSONResponse({**checks, **since}, status_code=200 if all(checks.values()) else 503)

    @router.get("/metrics", include_in_schema=False)
    def figures(reader: Reader) -> Response:
        """Figures for Prometheus."""
        return Response(metrics.render(reader), media_type=metrics.content_type)

    return router


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else local(instant).isoformat(timespec="seconds")

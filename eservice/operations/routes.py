"""`/healthz`, `/readyz` and `/metrics`. None of them says anything about people."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from eservice.kit import heartbeat
from eservice.kit.database import Database
from eservice.kit.http import Reader
from eservice.kit.migrate import is_current
from eservice.operations.metrics import Metrics


def create_router(database: Database, metrics: Metrics) -> APIRouter:
    """The routes of operation."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Alive: the process answers."""
        return {"status": "ok"}

    @router.get("/readyz", responses={503: {"description": "Not ready", "content": {"application/json": {}}}})
    def readyz() -> JSONResponse:
        """Ready: the database answers, its schema is current, and a worker gave a sign of life."""
        checks = {"database": False, "migrations": False, "worker": False}
        try:
            checks["migrations"] = is_current(database)
            with database.read() as reader:
                checks["worker"] = heartbeat.is_fresh(reader)
            checks["database"] = True
        except SQLAlchemyError:
            pass
        return JSONResponse(checks, status_code=200 if all(checks.values()) else 503)

    @router.get("/metrics", include_in_schema=False)
    def figures(reader: Reader) -> Response:
        """Figures for Prometheus."""
        return Response(metrics.render(reader), media_type=metrics.content_type)

    return router

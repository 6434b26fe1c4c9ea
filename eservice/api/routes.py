"""`/api/v1/cases`: one router, whoever calls."""

from fastapi import APIRouter

from eservice.api.attachments import add_attachment_routes
from eservice.api.officers import add_officer_routes, add_reading_routes
from eservice.api.residents import add_resident_routes
from eservice.kit.signals import Signals
from knowledge.classify import ComplaintClassifier

MAX_BODY_BYTES = 100_000  # the longest text, with every character written as an escape, and some room


def create_router(signals: Signals, classifier: ComplaintClassifier) -> APIRouter:
    """The routes under /api/v1/cases."""
    router = APIRouter(prefix="/api/v1/cases", tags=["cases"], max_body_size=MAX_BODY_BYTES)
    add_reading_routes(router)
    add_attachment_routes(router)
    add_resident_routes(router, signals, classifier)
    add_officer_routes(router, signals)
    return router

"""The FAQ for partners: one search, with the machine's own decision."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from eservice.kit.thai_calendar import local
from knowledge.entries.live import EntryFace, LiveFaq

MAX_QUERY = 2_000  # characters
MAX_RESULTS = 20


class FaqResult(BaseModel):
    """One entry found. `score` compares within one search; 1 is about a perfect match."""

    id: str
    question: str
    answer: str
    score: float
    department: str
    source: str
    updated_at: datetime


class FaqSearch(BaseModel):
    """What was found, and what the machine would do: answer with the first, offer a choice, or neither."""

    query: str
    decision: Literal["answer", "clarify", "unknown"]
    confidence: float = Field(ge=0, le=1)
    results: list[FaqResult]


def create_router(live: LiveFaq) -> APIRouter:
    """GET /api/v1/faq/search. It is public: it shows only what residents may see."""
    router = APIRouter(prefix="/api/v1/faq", tags=["faq"])

    @router.get("/search", summary="ค้นคำถามที่พบบ่อย")
    def search_faq(
        q: Annotated[str, Query(min_length=1, max_length=MAX_QUERY, description="a question in free Thai")],
        limit: Annotated[int, Query(ge=1, le=MAX_RESULTS)] = 5,
    ) -> FaqSearch:
        decision = live.decide(q)
        return FaqSearch(
            query=q,
            decision=decision.kind.value,
            confidence=decision.confidence,
            results=[_result(face, score) for face, score in live.search(q, limit)],
        )

    return router


def _result(face: EntryFace, score: float) -> FaqResult:
    return FaqResult(
        id=face.key,
        question=face.question,
        answer=face.answer,
        score=score,
        department=face.department,
        source=face.source,
        updated_at=local(face.published_at),
    )

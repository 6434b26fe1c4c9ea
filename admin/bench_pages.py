"""What the test bench says of a question: plain values and finished sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.faq_pages import AnswerFace, may_change
from admin.faq_words import Look
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from knowledge.classify.intents import classify_intent
from knowledge.emergency import Emergency, find_emergency
from knowledge.entries import service
from knowledge.entries.live import EntryFace, LiveDecision, LiveFaq
from knowledge.entries.models import AskDecision, Entry
from knowledge.search import Explanation, Hit
from knowledge.thai import normalise

MAX_TEXT = 2_000  # characters of a question
CANDIDATES = 8
VERY_SURE = 0.9

_TONES = {
    AskDecision.ANSWERED: ("done", "check"),
    AskDecision.CLARIFIED: ("warn", "question"),
    AskDecision.UNKNOWN: ("human", "person"),
}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An entry that came near. `percent` is the length of its bar; `known` that it has this very phrasing."""

    id: int
    question: str
    score: str
    percent: int
    known: bool
    may_add: bool


@dataclass(frozen=True, kw_only=True)
class Second:
    """What came second, and why it lost."""

    question: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What the assistant makes of a question."""

    emergency: Emergency | None
    intent: str
    decision: Look
    because: str
    face: AnswerFace | None  # of the answer given outright
    options: list[str]  # offered when it asks back
    answered_id: int | None  # what a following question may be about
    read_as: str
    notes: list[str]
    matched: Sequence[str]
    unmatched: Sequence[str]
    unknown: Sequence[str]
    best_phrasing: str
    candidates: list[Candidate]
    second: Second | None


def understand(
    reader: ReadOnly, texts: Catalogue, staff: Principal, live: LiveFaq, text: str, previous: int | None
) -> Understanding:
    """Asks the live engine, exactly as a resident's message does. `previous` is the entry answered before."""
    decision = live.decide(text, previous)
    why = decision.why
    intent = classify_intent(text)
    tone, icon = _TONES[decision.kind]
    faces = [face for entry_id, _ in decision.hits if (face := live.face(entry_id)) is not None]
    is_answered = decision.kind is AskDecision.ANSWERED and bool(faces)
    return Understanding(
        emergency=find_emergency(text),
        intent=texts.get(
            "bench.intent_line",
            intent=texts.get(f"bench.intent.{intent.label.value}"),
            percent=round(100 * intent.probability),
        ),
        decision=Look(texts.get(f"bench.decision.{decision.kind.value}"), tone, icon),
        because=_because(texts, decision, why),
        face=_face(faces[0]) if is_answered else None,
        options=[face.question for face in faces] if decision.kind is AskDecision.CLARIFIED else [],
        answered_id=faces[0].id if is_answered else None,
        read_as=why.read_as,
        notes=_notes(texts, why),
        matched=why.matched_words,
        unmatched=why.unmatched_words,
        unknown=why.unknown_words,
        best_phrasing=why.best_phrasing or "",
        candidates=_candidates(reader, staff, live, text, why),
        second=_second(reader, texts, live, why),
    )


def confidence_words(texts: Catalogue, confidence: float, why: Explanation) -> str:
    """How sure the assistant is, in words."""
    if confidence >= max(VERY_SURE, why.answer_threshold):
        return texts.get("bench.sure.very")
    if confidence >= why.answer_threshold:
        return texts.get("bench.sure.enough")
    return texts.get("bench.sure.half" if confidence >= why.clarify_threshold else "bench.sure.not")


def _because(texts: Catalogue, decision: LiveDecision, why: Explanation) -> str:
    return texts.get(
        f"bench.because.{decision.kind.value}",
        sure=confidence_words(texts, decision.confidence, why),
        confidence=f"{decision.confidence:.2f}",
        answer=f"{why.answer_threshold:.2f}",
        clarify=f"{why.clarify_threshold:.2f}",
    )


def _notes(texts: Catalogue, why: Explanation) -> list[str]:
    notes = []
    if why.layout_repaired:
        notes.append(texts.get("bench.layout_repaired"))
    if why.used_previous:
        notes.append(texts.get("bench.used_previous"))
    return notes


def _face(face: EntryFace) -> AnswerFace:
    return AnswerFace(
        headline=face.parts.headline,
        text=face.parts.body,
        rows=[{"label": left, "value": right} for left, right in face.parts.rows],
        source=face.source,
        source_url=face.source_url,
        department=face.department,
        checked=thai_date(face.published_at),
    )


def _candidates(
    reader: ReadOnly, staff: Principal, live: LiveFaq, text: str, why: Explanation
) -> list[Candidate]:
    """The entries nearest to the question; with the entry before in mind, those that it led to come first."""
    scores: dict[int, float] = {}
    for hit in filter(None, (why.best, why.runner_up)):
        scores[int(hit.id)] = hit.score
    for face, score in live.search(text, CANDIDATES):
        scores.setdefault(face.id, score)
    found = []
    for entry_id, score in list(scores.items())[:CANDIDATES]:
        face, entry = live.face(entry_id), reader.session.get(Entry, entry_id)
        if face is None or entry is None or score <= 0:
            continue
        version = service.current_version(reader, entry)
        phrasings = {normalise(phrasing) for phrasing in (version.question, *version.variants)}
        found.append(
            Candidate(
                id=entry_id,
                question=face.question,
                score=f"{score:.2f}",
                percent=round(100 * score),
                known=normalise(text) in phrasings,
                may_add=may_change(reader, staff, entry, Permission.FAQ_WRITE),
            )
        )
    return found


def _second(reader: ReadOnly, texts: Catalogue, live: LiveFaq, why: Explanation) -> Second | None:
    if why.best is None or why.runner_up is None or why.runner_up.score <= 0:
        return None
    face = live.face(int(why.runner_up.id))
    if face is None:
        return None
    missing = _missing(reader, why.matched_words, why.runner_up)
    reason = texts.get("bench.second.behind", margin=f"{why.margin:.2f}")
    if missing:
        reason += " " + texts.get("bench.second.missing", words=" ".join(f"“{word}”" for word in missing))
    elif why.best_phrasing:
        reason += " " + texts.get("bench.second.closer", phrasing=why.best_phrasing)
    return Second(question=face.question, reason=reason)


def _missing(reader: ReadOnly, words: Sequence[str], hit: Hit) -> list[str]:
    """The words of the question that the entry of the hit lacks."""
    entry = reader.session.get(Entry, int(hit.id))
    if entry is None:
        return []
    version = service.current_version(reader, entry)
    written = normalise("\n".join((version.question, *version.variants, version.answer, *version.keywords)))
    return [word for word in words if normalise(word) not in written]

"""What the test bench says of a question: plain values and finished sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from admin.faq_pages import AnswerFace, may_change
from admin.faq_words import Look
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from knowledge.classify.intents import Intent, IntentLabel, classify_intent
from knowledge.emergency import Emergency, find_emergency
from knowledge.entries import service
from knowledge.entries.live import EntryFace, LiveDecision, LiveFaq
from knowledge.entries.models import AskDecision, Entry, EntryVersion
from knowledge.entries.reply_choice import ANSWER_TO_REPORT, Reply, choose_reply, wants_person
from knowledge.search import Explanation
from knowledge.thai import normalise

MAX_TEXT = 2_000  # characters of a question
CANDIDATES = 8
CANDIDATES_AT_ONCE = 3  # the further ones unfold
OFFERED = 3  # entries, when the assistant asks back
VERY_SURE = 0.9
FAR, SOME = 0.4, 0.15  # how far the second is behind, as a share of the first one's score

_TONES = {
    "answer": ("done", "check"),
    "clarify": ("warn", "question"),
    "unknown": ("human", "person"),
    "report": ("info", "flag"),
    "person": ("human", "person"),
    "talk": ("info", "chat"),
}
_DOES = {
    Reply.ANSWER: "answer",
    Reply.CHOICES: "clarify",
    Reply.REPORT: "report",
    Reply.LEAVE: "unknown",
    Reply.TALK: "talk",
    Reply.PERHAPS_TALK: "talk",
}
_NEAR = (("very", "done"), ("some", "warn"), ("far", "neutral"))
"""How near an entry is, nearest first, with the tone of its chip."""
_DESERVES = {AskDecision.ANSWERED: 0, AskDecision.CLARIFIED: 1, AskDecision.UNKNOWN: 2}
"""Where among those the best entry stands, by what the assistant does."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An entry that came near. It has this very phrasing when it is `known`, or its draft has."""

    id: int
    question: str
    near: Look
    known: bool
    in_draft: bool
    may_add: bool


@dataclass(frozen=True)
class Piece:
    """A stretch of a phrasing; marked where it is a word of the question."""

    text: str
    is_marked: bool


@dataclass(frozen=True, kw_only=True)
class Second:
    """What came second, its nearest phrasing, and why it lost."""

    question: str
    phrasing: list[Piece]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What the assistant makes of a question."""

    emergency: Emergency | None
    intent: str
    does: Look  # what the assistant does with the message, an emergency aside
    because: str
    face: AnswerFace | None  # of the answer given outright
    options: list[str]  # offered when it asks back
    otherwise: str  # what a resident sees when it neither answers nor asks back
    answered_id: int | None  # what a following question may be about
    read_as: str
    notes: list[str]
    phrasing: list[Piece]  # the nearest of the first entry
    reasons: list[str]  # which words of the question match what
    unmatched: Sequence[str]
    unknown: Sequence[str]
    candidates: list[Candidate]
    second: Second | None


def understand(
    reader: ReadOnly, texts: Catalogue, staff: Principal, live: LiveFaq, text: str, previous: int | None
) -> Understanding:
    """Reads a message as the chat does, outside any dialog. `previous` is the entry answered before."""
    decision = live.decide(text, previous)
    why = decision.why
    intent = classify_intent(text)
    does = _does(intent, decision)
    tone, icon = _TONES[does]
    faces = [face for entry_id, _ in decision.hits if (face := live.face(entry_id)) is not None]
    is_answered = does == "answer" and bool(faces)
    return Understanding(
        emergency=find_emergency(text),
        intent=texts.get(
            "bench.intent_line",
            intent=texts.get(f"bench.intent.{intent.label.value}"),
            percent=round(100 * intent.probability),
        ),
        does=Look(texts.get(f"bench.decision.{does}"), tone, icon),
        because=_because(texts, intent, does, decision, why),
        face=_face(faces[0]) if is_answered else None,
        options=_options(texts, intent, faces) if does == "clarify" else [],
        otherwise="" if does in ("answer", "clarify") else texts.get(f"bench.otherwise.{does}"),
        answered_id=faces[0].id if is_answered else None,
        read_as=why.read_as,
        notes=_notes(texts, why),
        phrasing=marked(why.best_phrasing or "", why.matched_words),
        reasons=_reasons(texts, why),
        unmatched=why.unmatched_words,
        unknown=why.unknown_words,
        candidates=_candidates(reader, texts, staff, live, text, decision),
        second=_second(reader, texts, live, why),
    )


def confidence_words(texts: Catalogue, confidence: float, why: Explanation) -> str:
    """How sure the assistant is, in words."""
    if confidence >= max(VERY_SURE, why.answer_threshold):
        return texts.get("bench.sure.very")
    if confidence >= why.answer_threshold:
        return texts.get("bench.sure.enough")
    return texts.get("bench.sure.half" if confidence >= why.clarify_threshold else "bench.sure.not")


def marked(phrasing: str, words: Sequence[str]) -> list[Piece]:
    """A phrasing in pieces, the words of the question that stand in it marked."""
    wanted = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    if not wanted:
        return [Piece(phrasing, is_marked=False)] if phrasing else []
    parts = re.split(f"({wanted})", phrasing, flags=re.IGNORECASE)  # every second part is a word
    return [Piece(part, is_marked=place % 2 == 1) for place, part in enumerate(parts) if part]


def _does(intent: Intent, decision: LiveDecision) -> str:
    """What becomes of the message in the chat, which also asks what kind of message it is."""
    if wants_person(intent):
        return "person"
    return _DOES[choose_reply(intent, decision.kind, decision.confidence)]


def _options(texts: Catalogue, intent: Intent, faces: Sequence[EntryFace]) -> list[str]:
    offered = [face.question for face in faces[:OFFERED]]
    return [*offered, texts.get("bench.report")] if intent.label is IntentLabel.PROBLEM else offered


def _because(texts: Catalogue, intent: Intent, does: str, decision: LiveDecision, why: Explanation) -> str:
    if does in ("person", "talk", "report"):
        return texts.get(f"bench.because.{does}", intent=texts.get(f"bench.intent.{intent.label.value}"))
    reported = does == "clarify" and decision.kind is AskDecision.ANSWERED  # a problem, and not sure enough
    return texts.get(
        "bench.because.perhaps_report" if reported else f"bench.because.{does}",
        sure=confidence_words(texts, decision.confidence, why),
        confidence=min(round(100 * decision.confidence), 99),  # nothing is certain
        answer=round(100 * (ANSWER_TO_REPORT if reported else why.answer_threshold)),
        clarify=round(100 * why.clarify_threshold),
    )


def _reasons(texts: Catalogue, why: Explanation) -> list[str]:
    """Which words of the question match the nearest phrasing, and which something else of the entry."""
    if why.best is None:
        return []
    phrasing = normalise(why.best_phrasing or "")
    inside = [word for word in why.matched_words if normalise(word) in phrasing]
    elsewhere = [word for word in why.matched_words if word not in inside]
    reasons = []
    if inside:
        reasons.append(texts.get("bench.matched", words=_quoted(inside)))
    if elsewhere:
        reasons.append(texts.get("bench.matched_elsewhere", words=_quoted(elsewhere)))
    return reasons or [texts.get("bench.matched_letters")]


def _quoted(words: Sequence[str]) -> str:
    return " ".join(f"“{word}”" for word in words)


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
    reader: ReadOnly,
    texts: Catalogue,
    staff: Principal,
    live: LiveFaq,
    text: str,
    decision: LiveDecision,
) -> list[Candidate]:
    """The entries nearest to the question; with the entry before in mind, those that it led to come first."""
    why = decision.why
    scores: dict[int, float] = {}
    for hit in filter(None, (why.best, why.runner_up)):
        scores[int(hit.id)] = hit.score
    for face, score in live.search(text, CANDIDATES):
        scores.setdefault(face.id, score)
    best = max(scores.values(), default=0.0)
    found = []
    for entry_id, score in list(scores.items())[:CANDIDATES]:
        face, entry = live.face(entry_id), reader.session.get(Entry, entry_id)
        if face is None or entry is None or score <= 0:
            continue
        known = _has(reader.session.get(EntryVersion, entry.live_version_id or 0), text)
        found.append(
            Candidate(
                id=entry_id,
                question=face.question,
                near=_near(texts, decision.kind, score / best),
                known=known,
                in_draft=not known and _has(service.current_version(reader, entry), text),
                may_add=may_change(reader, staff, entry, Permission.FAQ_WRITE),
            )
        )
    return found


def _near(texts: Catalogue, kind: AskDecision, share: float) -> Look:
    """How near an entry is, in words: as near as the best one deserves, and less the further it is behind.

    `share` is its score as a share of the best one's.
    """
    place = _DESERVES[kind] + (share < 1 - SOME) + (share < 1 - FAR)
    name, tone = _NEAR[min(place, len(_NEAR) - 1)]
    return Look(texts.get(f"bench.near.{name}"), tone)


def _has(version: EntryVersion | None, text: str) -> bool:
    """Whether the words of an entry have this very phrasing."""
    if version is None:
        return False
    return normalise(text) in map(normalise, (version.question, *version.variants))


def _second(reader: ReadOnly, texts: Catalogue, live: LiveFaq, why: Explanation) -> Second | None:
    if why.best is None or why.runner_up is None or why.runner_up.score <= 0:
        return None
    face = live.face(int(why.runner_up.id))
    if face is None:
        return None
    behind = why.margin / why.best.score
    gap = texts.get(f"bench.second.{'far' if behind >= FAR else 'some' if behind >= SOME else 'near'}")
    missing = _missing(reader, why.only_best_words, face.id)
    if missing:
        reason = texts.get("bench.second.missing", gap=gap, words=_quoted(missing))
    else:
        reason = texts.get("bench.second.closer", gap=gap)
    phrasing = marked(why.runner_up_phrasing or "", why.matched_words)
    return Second(question=face.question, phrasing=phrasing, reason=reason)


def _missing(reader: ReadOnly, words: Sequence[str], entry_id: int) -> list[str]:
    """Those of the words that stand nowhere in what residents see of an entry, not even within a longer word."""
    entry = reader.session.get(Entry, entry_id)
    version = reader.session.get(EntryVersion, entry.live_version_id or 0) if entry is not None else None
    if version is None:
        return []
    written = normalise("\n".join((version.question, *version.variants, version.answer, *version.keywords)))
    return [word for word in words if normalise(word) not in written]

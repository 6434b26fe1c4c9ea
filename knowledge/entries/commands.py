"""The FAQ on the command line: taking a file in, giving one out, asking the answer engine, measuring it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.signals import Signals
from eservice.kit.text import LANGUAGES
from eservice.kit.thai_calendar import local
from eservice.staff.accounts import CLI
from knowledge.emergency import find_emergency
from knowledge.entries import service
from knowledge.entries.evaluate import Evaluation, evaluate
from knowledge.entries.exporter import export_entries
from knowledge.entries.faq_file import TEXTS, ImportProblem, kind_of
from knowledge.entries.importer import import_entries
from knowledge.entries.live import EntryFace, LiveDecision, LiveFaq
from knowledge.entries.models import AskDecision
from knowledge.entries.question_files import read_questions
from knowledge.search import Calibration

CANDIDATES = 5


def import_file(database: Database, path: Path, *, publish: bool) -> None:
    """`faq import`: all rows or none; every bad row is printed with its line and column.

    Raises ServiceError `faq.unknown_file_kind`, `faq.bad_file`; OSError when the file cannot be read.
    """
    kind, data = kind_of(path.name), path.read_bytes()
    with database.unit_of_work() as uow:
        result = import_entries(uow, data, kind, actor=CLI, publish=publish)
        Signals(database).notify(uow, service.TOPIC)
    if result.problems:
        print(*map(_problem_line, result.problems), sep="\n", flush=True)
        first = result.problems[0]
        parameters = {"count": str(len(result.problems)), "line": str(first.line), "column": first.column}
        raise ServiceError("faq.bad_file", ErrorKind.INVALID, parameters=parameters)
    print(
        TEXTS.both(
            "faq_commands.imported",
            created=result.created,
            changed=result.changed,
            published=result.published,
            unchanged=result.unchanged,
        )
    )


def export_file(database: Database, path: Path) -> None:
    """`faq export`: every entry in use, in the form that the file's name says.

    Raises ServiceError `faq.unknown_file_kind`; OSError when the file cannot be written.
    """
    kind = kind_of(path.name)
    with database.read() as reader:
        data = export_entries(reader, kind)
    path.write_bytes(data)
    print(TEXTS.both("faq_commands.exported", name=path))


def ask(live: LiveFaq, text: str, *, as_json: bool) -> None:
    """`faq ask`: the decision, how sure it is, the nearest entries, and why."""
    decision, hits = live.decide(text), live.search(text, CANDIDATES)
    if as_json:
        print(json.dumps(_as_json(live, text, decision, hits), ensure_ascii=False, indent=2))
        return
    print(*_as_lines(text, decision, hits), sep="\n")


def evaluate_file(live: LiveFaq, path: Path) -> None:
    """`faq evaluate`: how the engine does, at the office's setting, on questions with the ids that answer them.

    Raises ServiceError `faq.unreadable_questions`; OSError when the file cannot be read.
    """
    questions = read_questions(path.read_bytes(), path.name)
    if not questions:
        raise invalid("faq.unreadable_questions")
    print(*_measures(evaluate(live, questions)), _setting(live.calibration), sep="\n")


def _problem_line(problem: ImportProblem) -> str:
    thai, english = (
        TEXTS.get("faq_commands.problem", language, line=problem.line, column=problem.column, message=message)
        for language, message in (("th", problem.message), ("en", problem.english))
    )
    return f"{thai} / {english}"


def _as_json(
    live: LiveFaq, text: str, decision: LiveDecision, hits: Iterable[tuple[EntryFace, float]]
) -> dict[str, Any]:
    """As `GET /api/v1/faq/search` answers, and `why`."""
    why = decision.why
    chosen = [face.key for entry_id, _ in decision.hits if (face := live.face(entry_id)) is not None]
    return {
        "query": text,
        "decision": decision.kind.value,
        "confidence": decision.confidence,
        "chosen": chosen,
        "emergency": find_emergency(text) is not None,
        "results": [
            {
                "id": face.key,
                "question": face.question,
                "answer": face.answer,
                "score": score,
                "department": face.department,
                "source": face.source,
                "updated_at": local(face.published_at).isoformat(),
            }
            for face, score in hits
        ],
        "why": {
            "read_as": why.read_as,
            "layout_repaired": why.layout_repaired,
            "matched_words": why.matched_words,
            "unmatched_words": why.unmatched_words,
            "unknown_words": why.unknown_words,
            "best_phrasing": why.best_phrasing,
            "margin": why.margin,
            "answer_threshold": why.answer_threshold,
            "clarify_threshold": why.clarify_threshold,
        },
    }


def _as_lines(text: str, decision: LiveDecision, hits: Iterable[tuple[EntryFace, float]]) -> list[str]:
    why, kind = decision.why, f"faq_commands.kind.{decision.kind.value}"
    lines = [
        " / ".join(
            TEXTS.get("faq_commands.decision", language, decision=TEXTS.get(kind, language))
            for language in LANGUAGES
        ),
        TEXTS.both(
            "faq_commands.confidence",
            confidence=f"{decision.confidence:.2f}",
            answer=f"{why.answer_threshold:.2f}",
            clarify=f"{why.clarify_threshold:.2f}",
        ),
        TEXTS.both("faq_commands.read_as", text=why.read_as),
    ]
    if find_emergency(text) is not None:
        lines.insert(0, TEXTS.both("faq_commands.emergency"))
    if why.layout_repaired:
        lines.append(TEXTS.both("faq_commands.layout_repaired"))
    for key, words in (
        ("faq_commands.matched", why.matched_words),
        ("faq_commands.unmatched", why.unmatched_words),
        ("faq_commands.unknown", why.unknown_words),
    ):
        if words:
            lines.append(TEXTS.both(key, words=" ".join(f"“{word}”" for word in words)))
    if why.best_phrasing:
        lines.append(TEXTS.both("faq_commands.phrasing", text=why.best_phrasing))
    lines.append(TEXTS.both("faq_commands.margin", margin=f"{why.margin:.2f}"))
    near = [f"  {score:.2f}  {face.key}  {face.question}" for face, score in hits if score > 0]
    return [*lines, TEXTS.both("faq_commands.candidates"), *near] if near else lines


def _setting(calibration: Calibration) -> str:
    return TEXTS.both(
        "faq_commands.setting",
        answer=f"{calibration.answer_threshold:.2f}",
        clarify=f"{calibration.clarify_threshold:.2f}",
    )


def _measures(found: Evaluation) -> list[str]:
    shares = {
        "faq_commands.recall_at_1": found.recall_at_1,
        "faq_commands.recall_at_3": found.recall_at_3,
        "faq_commands.precision": found.precision,
        "faq_commands.coverage": found.coverage,
    }
    return [
        TEXTS.both("faq_commands.questions", questions=found.questions, answerable=found.answerable),
        *(TEXTS.both(key, share=f"{share:.1%}") for key, share in shares.items()),
        TEXTS.both("faq_commands.invented", count=found.answered_without_entry),
        TEXTS.both("faq_commands.decisions_answerable", decisions=_counts(found.answerable_decisions)),
        TEXTS.both("faq_commands.decisions_unanswerable", decisions=_counts(found.unanswerable_decisions)),
    ]


def _counts(decisions: Mapping[AskDecision, int]) -> str:
    return " · ".join(f"{kind.value} {count}" for kind, count in decisions.items())

"""Why a question was decided as it was, for the test bench."""

import numpy as np

from knowledge.search.analysis import Question, word_key
from knowledge.search.calibration import Calibration
from knowledge.search.document import Explanation, Hit
from knowledge.search.scoring import Floats, Scores, unit_likeness
from knowledge.search.snapshot import Snapshot
from knowledge.thai import Segmenter


def hits_of(snapshot: Snapshot, scores: Scores, shown: slice) -> list[Hit]:
    """The candidates in `shown` that anything speaks for."""
    hits: list[Hit] = []
    for row, fused in zip(scores.rows[shown].tolist(), scores.fused[shown].tolist(), strict=True):
        document_id = snapshot.ids[row]
        if document_id is not None and fused > 0:
            hits.append(Hit(document_id, float(fused)))
    return hits


def explain(
    snapshot: Snapshot,
    segmenter: Segmenter,
    calibration: Calibration,
    question: Question,
    scores: Scores,
    *,
    used_previous: bool,
) -> Explanation:
    """Which words and wordings speak for the first candidate, and what the second one lacks."""
    hits = hits_of(snapshot, scores, slice(0, 2))
    best_row = int(scores.rows[0]) if hits else -1
    second_row = int(scores.rows[1]) if len(hits) > 1 else -1
    matched: list[str] = []
    unmatched: list[str] = []
    unknown: list[str] = []
    only_best: list[str] = []
    for word in dict.fromkeys(question.words):
        rows = _rows_with(snapshot, segmenter, word)
        if rows is None:
            continue
        (matched if best_row in rows else unmatched if rows else unknown).append(word)
        if best_row in rows and second_row not in rows:
            only_best.append(word)
    likeness = unit_likeness(snapshot, question.analysed)
    return Explanation(
        read_as=question.text,
        layout_repaired=question.layout_repaired,
        used_previous=used_previous,
        matched_words=tuple(matched),
        unmatched_words=tuple(unmatched),
        unknown_words=tuple(unknown),
        best_phrasing=_closest_phrasing(snapshot, likeness, best_row),
        best=hits[0] if hits else None,
        runner_up=hits[1] if len(hits) > 1 else None,
        runner_up_phrasing=_closest_phrasing(snapshot, likeness, second_row),
        only_best_words=tuple(only_best) if len(hits) > 1 else (),
        margin=hits[0].score - hits[1].score if len(hits) > 1 else (hits[0].score if hits else 0.0),
        answer_threshold=calibration.answer_threshold,
        clarify_threshold=calibration.clarify_threshold,
    )


def _closest_phrasing(snapshot: Snapshot, likeness: Floats, row: int) -> str | None:
    """The wording of an entry that is most like the question; None when none is at all."""
    closest = max(snapshot.units_of(row), key=lambda unit: likeness[unit], default=None)
    return snapshot.phrasings[closest].text if closest is not None and likeness[closest] > 0 else None


def _rows_with(snapshot: Snapshot, segmenter: Segmenter, word: str) -> set[int] | None:
    """The entries with a word; None when it is too common to be listed, and told nothing."""
    key = np.array([word_key(word, segmenter)], np.int64)
    rows: set[int] = set()
    for postings in snapshot.entry_postings:
        if postings.common_among(key).any():
            return None
        (start,), (count,) = postings.find(key)
        rows.update((postings.rows[start : start + count].astype(np.int64) + postings.base).tolist())
    return {row for row in rows if snapshot.alive[row]}

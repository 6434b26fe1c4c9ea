"""A question in the very words that were taught: the lesson decides, however little it shares with its entry.

Lessons also move the scores of similar questions, but one lesson moves them only a little; whoever teaches
"these words mean that entry" may expect that at least these words do.
"""

import math
from dataclasses import replace

import numpy as np

from knowledge.search.analysis import CHANNEL_COUNT, Question
from knowledge.search.scoring import Scores
from knowledge.search.snapshot import Snapshot
from knowledge.search.weights import VIEW_NAMES

TAUGHT_CONFIDENCE = 0.99
TAUGHT_ODDS = math.log(TAUGHT_CONFIDENCE / (1 - TAUGHT_CONFIDENCE))

_COSINES = VIEW_NAMES.index("phrasing_cosine_word")
_WORTH_A_LOOK = 0.6  # the same words have a likeness of 1, give or take what later lessons did to the weights


def taught_first(snapshot: Snapshot, question: Question, scores: Scores) -> tuple[Scores, bool]:
    """The scores with the entry first for which just these words were learned; and whether there is one."""
    if len(scores.rows) == 0:
        return scores, False
    alike = scores.features[_COSINES : _COSINES + CHANNEL_COUNT].mean(axis=0)
    for place in np.flatnonzero(alike >= _WORTH_A_LOOK).tolist():
        if _knows(snapshot, int(scores.rows[place]), _joined(question.text)):
            return (_moved_up(scores, place) if place else scores), True
    return scores, False


def _knows(snapshot: Snapshot, row: int, words: str) -> bool:
    for unit in snapshot.units_of(row):
        phrasing = snapshot.phrasings[unit]
        if phrasing.learned and _joined(phrasing.text) == words:
            return True
    return False


def _moved_up(scores: Scores, place: int) -> Scores:
    order = np.r_[place, np.delete(np.arange(len(scores.rows)), place)]
    fused = scores.fused[order]
    fused[0] = scores.fused[0]  # not behind those that it has passed
    return replace(scores, rows=scores.rows[order], fused=fused, features=scores.features[:, order])


def _joined(text: str) -> str:
    return text.replace(" ", "")

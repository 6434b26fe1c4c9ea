"""From scores to one of three honest replies: this is it, is it one of these, I do not know."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import CHANNEL_COUNT, CHANNELS, Question
from knowledge.search.calibration import Calibration
from knowledge.search.document import DecisionKind, Explanation, Hit
from knowledge.search.letters import READINGS
from knowledge.search.scoring import Scores
from knowledge.search.weights import VIEW_NAMES, WEIGHTS

_MOST_CHOICES = 3
_CHOICE_SHARE = 0.6
_KNOWN_AS_UNANSWERABLE = 0.85
_UNANSWERABLE_CONFIDENCE = 0.05
_TWIN_SHARE = 0.8
_TWIN_GAP = 0.01
_TWIN_ODDS = 0.4  # a probability of 0.6
_ALL = 0.999
_NAMED_ODDS = -0.85  # a probability of 0.3


_VIEW_STARTS = tuple(
    VIEW_NAMES.index(f"{view}_{CHANNELS[0]}") for view in ("entry", "phrasing", "phrasing_cosine", "wording")
)
_SAME_WORDS = VIEW_NAMES.index("same_words")


@dataclass(frozen=True)
class Decision:
    """What to do with a question. `why` is worked out only when read."""

    kind: DecisionKind
    confidence: float
    """Probability, 0..1, that the first hit is the right entry."""
    hits: tuple[Hit, ...]
    """The entry to answer with, or two or three to choose from, or none when unknown."""
    _explain: Callable[[], Explanation]
    used_previous: bool = False
    """Whether the entry answered just before was needed to understand the question."""

    @cached_property
    def why(self) -> Explanation:
        """The reasons, for a test bench."""
        return self._explain()


def confidence_features(question: Question, scores: Scores) -> npt.NDArray[np.float64]:
    """What tells a right first candidate from a wrong one; order as in `weights.CONFIDENCE_NAMES`."""
    second = float(scores.fused[1]) if len(scores.fused) > 1 else 0.0
    best = max(float(scores.fused[0]), 1e-9)
    views = scores.features[: len(VIEW_NAMES)]
    entry, _, cosine, wording = (views[place : place + CHANNEL_COUNT] for place in _VIEW_STARTS)
    letters = views[-len(READINGS) :]
    leads = (views[:, 0] >= views.max(axis=1) - 1e-12) & (views[:, 0] > 0)
    covered = float(entry[:, 0].mean())
    return np.concatenate(
        (
            # A lead counts for as much as the question is covered at all: the best of nonsense leads too.
            [(best - second) * covered, (1 - second / best) * covered],
            [_lead(entry), _lead(wording), _lead(cosine)],
            entry[:, 0],
            cosine[:, 0],
            wording[:, 0],
            scores.known,
            [leads.mean(), covered * np.log1p(len(question.text))],
            letters[:, 0],
            [_lead(letters), scores.features[-1, 0], views[_SAME_WORDS, 0]],
            [len(question.words), scores.word_mass],
        )
    )


def _lead(view: npt.NDArray[np.float64]) -> float:
    """How far the first candidate is ahead of every other in one view; negative when it is behind."""
    sums = view.mean(axis=0)
    return float(sums[0] - sums[1:].max()) if len(sums) > 1 else float(sums[0])


def _has_twin(scores: Scores) -> bool:
    """Whether another candidate says all that the first one says of the question, and scores nearly as high."""
    near = scores.fused[1:] >= _TWIN_SHARE * scores.fused[0]
    start = _VIEW_STARTS[-1]
    wording = scores.features[start : start + CHANNELS.index("skeleton")].mean(axis=0)  # as spelt
    return bool((near & (wording[1:] >= wording[0] - _TWIN_GAP)).any())


def confidence(question: Question, scores: Scores, calibration: Calibration) -> float:
    """Calibrated probability that the first candidate is right; 0 without candidates."""
    if len(scores.fused) == 0 or scores.fused[0] <= 0:
        return 0.0
    probability = calibration.probability(_log_odds(question, scores))
    return min(probability, _UNANSWERABLE_CONFIDENCE) if _is_known_as_unanswerable(scores) else probability


def evidence(question: Question, scores: Scores) -> float:
    """Log odds that the first candidate is right, before any office's calibration.

    -inf where no calibration could make an answer of it: without candidates, and for a question known to
    have no entry.
    """
    if len(scores.fused) == 0 or scores.fused[0] <= 0 or _is_known_as_unanswerable(scores):
        return -math.inf
    return _log_odds(question, scores)


def _log_odds(question: Question, scores: Scores) -> float:
    odds = WEIGHTS.confidence(confidence_features(question, scores))
    if float(scores.features[_VIEW_STARTS[-1], 0]) > _ALL:
        # A word or two that an entry's wordings all have, "ขยะ", name a subject: that is asked back, not passed on.
        odds = max(odds, _NAMED_ODDS)
    return min(odds, _TWIN_ODDS) if _has_twin(scores) else odds


def _is_known_as_unanswerable(scores: Scores) -> bool:
    alike = float(WEIGHTS.head_channels @ scores.nobody)
    cosines = scores.features[VIEW_NAMES.index("phrasing_cosine_word") :, 0][:CHANNEL_COUNT]
    return alike >= _KNOWN_AS_UNANSWERABLE and alike > float(WEIGHTS.head_channels @ cosines)


def choices(scores: Scores) -> slice:
    """The candidates good enough to be offered: at most three, none far behind the first."""
    good = scores.fused[:_MOST_CHOICES] >= _CHOICE_SHARE * scores.fused[:1]
    return slice(0, int(good.sum()))

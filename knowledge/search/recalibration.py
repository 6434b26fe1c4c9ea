"""Learning what is sure enough from questions whose right entries are known, and counting what would happen."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from knowledge.search.calibration import Calibration

Floats = npt.NDArray[np.float64]

ANSWER_PERCENTS = range(50, 100)
"""Where the threshold of answering may be put: an answer is at least as likely right as wrong."""
CLARIFY_PERCENTS = range(5, 100)
"""Where the threshold of asking back may be put; never above that of answering."""

_ANSWER_GRID = [percent / 100 for percent in ANSWER_PERCENTS]
_SHIPPED_TRUST = (100.0, 30.0)
"""Weight of the shipped slope and shift, in questions that would have to speak against them (information)."""
_MOST_EVIDENCE = 30.0
_LEAST_SLOPE = 0.1
_STEPS = 50
_CAUTION = 1.2816
"""The lower bound of a share is so chosen that the truth is above it nine times in ten."""
_HELPFUL_SHARE = 0.4
"""A choice that shows the right entry to so many of those who get it is worth asking."""
_COST_OF_WRONG = 3.0
"""So many answers that are right make up for a wrong one: what is asked back is mostly only a tap slower."""
_UNANSWERABLE_SHARE = 0.1
"""With fewer questions without an entry a sample says little about answering what nothing here answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A question that the engine weighed, held against what is known of its answer.

    `evidence` is as `FaqIndex.weigh` gives it. `is_offered`: a choice would show a right entry; None when
    nobody knows. `has_entry`: something here answers it at all. A `weight` below 1 counts for less than a
    question that the office wrote itself.
    """

    evidence: float
    is_first_right: bool
    is_offered: bool | None
    has_entry: bool = True
    weight: float = 1.0


class Outcome(StrEnum):
    """What becomes of a question."""

    RIGHT = "right"  # answered, and rightly
    WRONG = "wrong"  # answered, but with another entry, or though nothing here answers it
    OFFERED = "offered"  # asked back, the right entry among the choices
    MISSED = "missed"  # asked back in vain
    HANDED = "handed"  # left with the office's staff


Counts = dict[Outcome, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What becomes of questions at one setting: of those with an entry here, and of those without."""

    with_entry: Counts
    without_entry: Counts

    @property
    def answered(self) -> int:
        """How many are answered outright, rightly or not."""
        return self.total(Outcome.RIGHT) + self.total(Outcome.WRONG)

    def total(self, outcome: Outcome) -> int:
        """How many of all end so."""
        return self.with_entry[outcome] + self.without_entry[outcome]


class Ground(StrEnum):
    """What a threshold of answering rests on."""

    PROMISED = "promised"  # the wanted share of answers is right, cautiously estimated
    TOO_FEW = "too_few"  # the wanted share may well be right, but so few questions cannot show it
    OUT_OF_REACH = "out_of_reach"  # no threshold makes so many answers right: the best there is was taken


@dataclass(frozen=True, slots=True)
class Share:
    """Weight of the questions answered, the share of them that is right, and its lower bound.

    Both shares are 0 when nothing is answered.
    """

    answered: float
    measured: float
    cautious: float

    def ground(self, wanted_share: float) -> Ground:
        """How well such answers fulfil the wish; where nothing is answered, nothing speaks against it."""
        if not self.answered:
            return Ground.TOO_FEW
        if self.cautious >= wanted_share:
            return Ground.PROMISED
        return Ground.TOO_FEW if self.measured >= wanted_share else Ground.OUT_OF_REACH


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """A calibration learned from questions, how far it can be trusted, and what the present one does.

    It `is_better` unless the present one fulfils the wish at least as well.
    """

    calibration: Calibration
    ground: Ground
    share: Share
    present_share: Share
    is_better: bool


def picture(questions: Iterable[Judged], calibration: Calibration) -> Picture:
    """What becomes of the questions under a calibration; weights do not count."""
    with_entry, without_entry = dict.fromkeys(Outcome, 0), dict.fromkeys(Outcome, 0)
    for question in questions:
        (with_entry if question.has_entry else without_entry)[outcome_of(question, calibration)] += 1
    return Picture(with_entry=with_entry, without_entry=without_entry)


def outcome_of(question: Judged, calibration: Calibration) -> Outcome:
    """What becomes of the question under a calibration."""
    match calibration.kind_of(calibration.probability(question.evidence)):
        case "answer":
            return Outcome.RIGHT if question.is_first_right else Outcome.WRONG
        case "clarify":
            return Outcome.OFFERED if question.is_offered else Outcome.MISSED
        case "unknown":
            return Outcome.HANDED


def recalibrate(questions: Sequence[Judged], present: Calibration, *, wanted_share: float) -> Recalibration:
    """Fits slope and shift to the questions, then chooses thresholds by them.

    `wanted_share`, 0 to 1, is how many of the answers given shall be right. The shipped numbers hold as long
    as few questions speak against them; without any question they are the result, under the present
    threshold of answering.
    """
    evidence, right, weights = _arrays(questions, [question.is_first_right for question in questions])
    slope, shift = fit(evidence, right, weights)
    fitted = Calibration(slope=slope, shift=shift)
    probabilities = np.array([fitted.probability(value) for value in evidence])
    shares = {at: _share(right, weights * (probabilities >= at)) for at in _ANSWER_GRID}
    lowest = _lowest_answer_threshold(questions, present)
    answer, ground = _answer_threshold(shares, lowest, present.answer_threshold, wanted_share)
    clarify = min(_clarify_threshold(questions, fitted), answer)
    share = _share(right, weights * (probabilities >= answer))
    now = np.array([present.probability(value) for value in evidence])
    present_share = _share(right, weights * (now >= present.answer_threshold))
    return Recalibration(
        calibration=Calibration(
            slope=slope, shift=shift, answer_threshold=answer, clarify_threshold=clarify
        ),
        ground=ground,
        share=share,
        present_share=present_share,
        is_better=_merit(share, wanted_share) > _merit(present_share, wanted_share),
    )  # fmt: skip


def fit(evidence: Floats, hits: Floats, weights: Floats, *, usual_shift: float = 0.0) -> tuple[float, float]:
    """Slope and shift under which the evidence, so stretched and moved, is the log odds of a hit.

    Logistic regression, held by a prior at slope 1 and `usual_shift`. Shapes: all (questions); evidence
    may be -inf, which teaches nothing.
    """
    finite = np.isfinite(evidence)
    x = np.clip(evidence[finite], -_MOST_EVIDENCE, _MOST_EVIDENCE)
    design = np.stack((x, np.ones_like(x)), axis=1)
    target, weight = hits[finite], weights[finite]
    centre, trust = np.array([1.0, usual_shift]), np.array(_SHIPPED_TRUST)
    at = centre.copy()
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-(design @ at)))
        slope_of_loss = design.T @ (weight * (expected - target)) + trust * (at - centre)
        spread = weight * expected * (1 - expected)
        step = np.linalg.solve((design.T * spread) @ design + np.diag(trust), slope_of_loss)
        # Newton overshoots where nearly everything is certain; short steps of a convex loss still arrive.
        at -= step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    return max(float(at[0]), _LEAST_SLOPE), float(at[1])


def cautious(right: float, total: float) -> float:
    """The lower end of where a share may lie of which `right` of `total` were seen (Wilson); 0 of nothing."""
    if total <= 0:
        return 0.0
    share, square = min(right / total, 1.0), _CAUTION**2
    middle = share + square / (2 * total)
    spread = _CAUTION * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return max((middle - spread) / (1 + square / total), 0.0)


def _lowest_answer_threshold(questions: Sequence[Judged], present: Calibration) -> float:
    """How low the threshold of answering may go: not deeper where hardly a question has no entry here."""
    without = sum(question.weight for question in questions if not question.has_entry)
    if without >= _UNANSWERABLE_SHARE * sum(question.weight for question in questions):
        return _ANSWER_GRID[0]
    return min(Calibration().answer_threshold, present.answer_threshold)


def _answer_threshold(
    shares: dict[float, Share], lowest: float, present: float, wanted_share: float
) -> tuple[float, Ground]:
    """The first threshold from `lowest` on that cautiously keeps the promise; else the safest not below `present`."""
    promised = [at for at in shares if at >= lowest and shares[at].cautious >= wanted_share]
    if promised:
        return min(promised), Ground.PROMISED
    stricter = [at for at in shares if at >= present]
    if not stricter or not shares[stricter[0]].answered:
        fails = any(share.answered and share.measured < wanted_share for share in shares.values())
        return present, Ground.OUT_OF_REACH if fails else Ground.TOO_FEW
    reached = [at for at in stricter if shares[at].measured >= wanted_share]
    if reached:
        # Only the number of questions speaks against the promise: no bar is raised for that alone.
        return reached[0], Ground.TOO_FEW
    best = max(stricter, key=lambda at: (shares[at].cautious, -at if shares[at].cautious else at))
    return best, Ground.OUT_OF_REACH


def _merit(share: Share, wanted_share: float) -> tuple[int, float]:
    """How well answers fulfil the wish; among those that fulfil it alike, what answering is worth.

    Where the wish is out of reach, only the safety of the answers counts.
    """
    ground = share.ground(wanted_share)
    kept = (Ground.OUT_OF_REACH, Ground.TOO_FEW, Ground.PROMISED).index(ground)
    if ground is Ground.OUT_OF_REACH:
        return kept, share.cautious
    return kept, share.answered * (share.measured - _COST_OF_WRONG * (1 - share.measured))


def _clarify_threshold(questions: Sequence[Judged], fitted: Calibration) -> float:
    """Where a choice shows the right entry often enough; the shipped threshold without questions."""
    known = [question for question in questions if question.is_offered is not None]
    usual = _log_odds(_HELPFUL_SHARE) - _log_odds(Calibration().clarify_threshold)
    slope, shift = fit(*_arrays(known, [bool(question.is_offered) for question in known]), usual_shift=usual)
    percent = round(100 * fitted.probability((_log_odds(_HELPFUL_SHARE) - shift) / slope))
    return min(max(percent, CLARIFY_PERCENTS.start), CLARIFY_PERCENTS.stop - 1) / 100


def _share(right: Floats, weights: Floats) -> Share:
    """How much of what is answered is right; what is not answered has weight 0."""
    answered, hits = float(weights.sum()), float(weights @ right)
    return Share(answered, hits / answered if answered else 0.0, cautious(hits, answered))


def _arrays(questions: Sequence[Judged], hits: Sequence[bool]) -> tuple[Floats, Floats, Floats]:
    """Evidence, hits as 0 or 1, weights."""
    return (
        np.array([question.evidence for question in questions]),
        np.array(hits, np.float64),
        np.array([question.weight for question in questions]),
    )


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))

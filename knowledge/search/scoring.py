"""Every entry against one question: three channels, five views, fused by learned weights."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import CHANNEL_COUNT, AnalysedText
from knowledge.search.postings import Postings, gather
from knowledge.search.snapshot import NOBODY, Snapshot, inverse_frequency
from knowledge.search.weights import WEIGHTS

Floats = npt.NDArray[np.float64]

MOST_CANDIDATES = 40
_POSTING_BUDGET = 400_000
_REPEAT_FROM = 0.6


@dataclass(frozen=True, slots=True)
class Scores:
    """The best candidates for one question, best first, and what speaks for them.

    Shapes: rows and fused (candidates), features (features, candidates), nobody (channels),
    known (channels).
    """

    rows: npt.NDArray[np.int64]
    fused: Floats
    features: Floats
    nobody: Floats
    """How alike the question is to those known to have no entry, per channel (cosine)."""
    known: Floats
    """Share of the question's weight, per channel, in words and n-grams that occur in the index at all."""


@dataclass(frozen=True, slots=True)
class _Weighted:
    """A question's keys with their weights and channel masses."""

    weights: Floats
    channels: npt.NDArray[np.int64]
    mass: Floats
    norm: Floats
    known: Floats
    entry_runs: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]
    phrase_runs: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]


def score(snapshot: Snapshot, question: AnalysedText, importance: Floats | None = None) -> Scores:
    """Score all entries; `importance` weighs the question's keys (all alike when None)."""
    if len(question.keys) == 0 or not snapshot.row_of:
        nothing = np.zeros(CHANNEL_COUNT)
        empty = np.empty(0)
        return Scores(np.empty(0, np.int64), empty, np.empty((0, 0)), nothing, nothing)
    weighted = _weigh(snapshot, question, importance)
    entry, found = _entry_view(snapshot, weighted)
    phrase, cosine, head, repeat = _phrase_views(snapshot, weighted)
    rough = entry.sum(axis=0) + phrase.sum(axis=0) + head
    rough[~snapshot.alive] = -1.0
    count = min(MOST_CANDIDATES, len(snapshot.row_of))
    rows = np.argpartition(-rough, count - 1)[:count]
    wording, chunk = _part_views(snapshot, weighted, found, rows)
    views = np.concatenate(
        (entry[:, rows], phrase[:, rows], cosine[:, rows], wording, chunk, head[None, rows])
    )
    best = views.max(axis=1, keepdims=True)
    features = np.concatenate((views, views / np.maximum(best, 1e-9), repeat[None, rows]))
    fused = (WEIGHTS.fusion + snapshot.phrased_share * WEIGHTS.fusion_phrased) @ features
    order = np.argsort(-fused, kind="stable")
    return Scores(rows[order], fused[order], features[:, order], cosine[:, NOBODY], weighted.known)


def known_share(snapshot: Snapshot, question: AnalysedText) -> float:
    """Share of the question's n-gram weight that the index knows: the sense a text makes here."""
    if len(question.keys) == 0 or snapshot.units == 0:
        return 0.0
    return float(_weigh(snapshot, question, None).known[1])


def _weigh(snapshot: Snapshot, question: AnalysedText, importance: Floats | None) -> _Weighted:
    keys = question.keys
    entry_runs = [segment.entries.find(keys) for segment in snapshot.segments]
    phrase_runs = [segment.phrasings.find(keys) for segment in snapshot.segments]
    frequency = entry_runs[0][1] + phrase_runs[0][1]
    for (_, entries), (_, phrases) in zip(entry_runs[1:], phrase_runs[1:], strict=True):
        frequency = frequency + entries + phrases
    weights = inverse_frequency(snapshot, frequency)
    if importance is not None:
        weights = weights * importance
    if int(frequency.sum()) > _POSTING_BUDGET:
        # The commonest n-grams cost most and say least; they are left out on both sides of the ratio.
        rarest_first = np.argsort(frequency, kind="stable")
        weights[rarest_first[np.cumsum(frequency[rarest_first]) > _POSTING_BUDGET]] = 0.0
        dropped = weights == 0.0
        entry_runs = [(starts, np.where(dropped, 0, counts)) for starts, counts in entry_runs]
        phrase_runs = [(starts, np.where(dropped, 0, counts)) for starts, counts in phrase_runs]
    bounds = np.array(question.bounds)
    mass = _channel_sums(weights, bounds)
    return _Weighted(
        weights=weights,
        channels=np.repeat(np.arange(CHANNEL_COUNT), np.diff(bounds)),
        mass=np.maximum(mass, 1e-9),
        norm=np.maximum(np.sqrt(_channel_sums(weights**2, bounds)), 1e-9),
        known=_channel_sums(weights * (frequency > 0), bounds) / np.maximum(mass, 1e-9),
        entry_runs=entry_runs,
        phrase_runs=phrase_runs,
    )


def _channel_sums(values: Floats, bounds: npt.NDArray[np.int64]) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.diff(sums[bounds])


@dataclass(frozen=True, slots=True)
class _Found:
    """Postings met while scoring whole entries, kept for scoring parts of the best."""

    rows: npt.NDArray[np.int32]
    channels: npt.NDArray[np.int64]
    weights: Floats
    marks: npt.NDArray[np.uint8]


def _entry_view(snapshot: Snapshot, weighted: _Weighted) -> tuple[Floats, list[_Found]]:
    """Matched weight over question weight, whole entries; shape (channels, rows)."""
    rows = snapshot.rows
    sums = np.zeros(CHANNEL_COUNT * rows)
    found: list[_Found] = []
    for segment, (starts, counts) in zip(snapshot.segments, weighted.entry_runs, strict=True):
        postings: Postings = segment.entries
        at = gather(starts, counts)
        hit = _Found(
            postings.rows[at],
            np.repeat(weighted.channels, counts),
            np.repeat(weighted.weights, counts),
            postings.marks[at],
        )
        sums += np.bincount(
            hit.channels * rows + hit.rows, hit.weights * postings.values[at], minlength=len(sums)
        )
        found.append(hit)
    return sums.reshape(CHANNEL_COUNT, rows) / (255.0 * weighted.mass[:, None]), found


def _phrase_views(snapshot: Snapshot, weighted: _Weighted) -> tuple[Floats, Floats, Floats, Floats]:
    """Best phrasing by matched weight, best by cosine, the head's score, and repetition, for every row.

    Repetition is 0 up to a likeness of 0.6 and 1 when a known wording comes again word for word.
    """
    coverage, cosine = _unit_scores(snapshot, weighted)
    alike = WEIGHTS.head_channels @ cosine
    return (
        _best_of_row(snapshot, coverage),
        _best_of_row(snapshot, cosine),
        head_scores(snapshot, snapshot.head_weights * alike[snapshot.head_units], snapshot.head_rows),
        np.clip((_best_of_row(snapshot, alike[None])[0] - _REPEAT_FROM) / (1 - _REPEAT_FROM), 0.0, 1.0) ** 2,
    )


def head_scores(snapshot: Snapshot, steps: Floats, rows: npt.NDArray[np.int32]) -> Floats:
    """The head's score of every row: the sum of the training steps that speak for or against it."""
    return np.bincount(rows, steps, minlength=snapshot.rows).astype(np.float64)


def _unit_scores(snapshot: Snapshot, weighted: _Weighted) -> tuple[Floats, Floats]:
    """Matched weight over question weight, and cosine, of every phrasing; shapes (channels, units)."""
    units = snapshot.units
    matched = np.zeros(CHANNEL_COUNT * units)
    product = np.zeros(CHANNEL_COUNT * units)
    for segment, (starts, counts) in zip(snapshot.segments, weighted.phrase_runs, strict=True):
        at = gather(starts, counts)
        place = np.repeat(weighted.channels * units, counts) + segment.phrasings.rows[at]
        weights = np.repeat(weighted.weights, counts)
        matched += np.bincount(place, weights, minlength=len(matched))
        product += np.bincount(place, weights * weights, minlength=len(product))
    coverage = matched.reshape(CHANNEL_COUNT, units) / weighted.mass[:, None]
    cosine = product.reshape(CHANNEL_COUNT, units) / (
        weighted.norm[:, None] * np.maximum(snapshot.norms, 1e-6)
    )
    return coverage, cosine


def _best_of_row(snapshot: Snapshot, unit_scores: Floats) -> Floats:
    best = np.zeros((len(unit_scores), snapshot.rows))
    best[:, snapshot.unit_rows] = np.maximum.reduceat(
        unit_scores[:, snapshot.unit_order], snapshot.unit_starts, axis=1
    )
    return best


def _part_views(
    snapshot: Snapshot, weighted: _Weighted, found: list[_Found], candidates: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """All wording of each candidate, and its best answer chunk, by matched weight; shapes (channels, candidates)."""
    number = np.full(snapshot.rows, -1, np.int64)
    number[candidates] = np.arange(len(candidates))
    size = CHANNEL_COUNT * len(candidates) * 8
    sums = np.zeros(size)
    for hit in found:
        kept = np.flatnonzero(number[hit.rows] >= 0)
        bits = np.unpackbits(hit.marks[kept, None], axis=1)
        posting, bit = np.nonzero(bits)
        source = kept[posting]
        place = (hit.channels[source] * len(candidates) + number[hit.rows[source]]) * 8 + bit
        sums += np.bincount(place, hit.weights[source], minlength=size)
    parts = sums.reshape(CHANNEL_COUNT, len(candidates), 8) / weighted.mass[:, None, None]
    return parts[:, :, 0], parts[:, :, 1:].max(axis=2)


def unit_likeness(snapshot: Snapshot, question: AnalysedText) -> Floats:
    """How alike a question is to every phrasing: cosine, channels weighed as in the head; shape (units)."""
    if len(question.keys) == 0 or snapshot.units == 0:
        return np.zeros(snapshot.units)
    return WEIGHTS.head_channels @ _unit_scores(snapshot, _weigh(snapshot, question, None))[1]

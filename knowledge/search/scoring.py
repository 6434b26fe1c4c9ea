"""Every entry against one question: three channels, five views, fused by learned weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import CHANNEL_COUNT, AnalysedText
from knowledge.search.letters import letter_likeness
from knowledge.search.postings import gather
from knowledge.search.snapshot import NOBODY, Snapshot, inverse_frequency
from knowledge.search.weights import WEIGHTS

Floats = npt.NDArray[np.float64]

MOST_CANDIDATES = 48
_POSTING_BUDGET = 100_000
_LONG_RUN = 100
_STRETCH = 128
_REPEAT_FROM = 0.6
HEAD_BIAS = 0.05
"""Likeness that every phrasing has to every question: a constant for the head to learn by."""


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
    word_mass: float
    """How much the question's words say: as many words as nothing else has would say as much."""


Runs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Where the postings of each key start, and how many there are."""


@dataclass(frozen=True, slots=True)
class _Weighted:
    """A question's keys with their weights and channel masses."""

    weights: Floats
    channels: npt.NDArray[np.int64]
    mass: Floats
    norm: Floats
    known: Floats
    entry_runs: list[Runs]
    phrase_runs: list[Runs]


def score(snapshot: Snapshot, question: AnalysedText, text: str, importance: Floats | None = None) -> Scores:
    """Score all entries for a question and its text; `importance` weighs its keys (all alike when None)."""
    if len(question.keys) == 0 or not snapshot.row_of:
        nothing = np.zeros(CHANNEL_COUNT)
        empty = np.empty(0)
        return Scores(np.empty(0, np.int64), empty, np.empty((0, 0)), nothing, nothing, 0.0)
    weighted = _weigh(snapshot, question, importance)
    entry, found = _entry_view(snapshot, weighted)
    coverage, cosine, same_words = _unit_scores(snapshot, weighted)
    alike = WEIGHTS.head_channels @ cosine
    head = head_scores(snapshot, alike)
    rough = entry.sum(axis=0) + _best_of_row(snapshot, coverage.sum(axis=0)) + head
    rough[~snapshot.alive] = -np.inf
    rows = _highest(rough, min(MOST_CANDIDATES, len(snapshot.row_of)))
    units, starts = _units_of(snapshot, rows)
    by_unit = np.concatenate((coverage, cosine, same_words[None], alike[None]))[:, units]
    phrasing = np.maximum.reduceat(by_unit, starts, axis=1)
    letters = np.maximum.reduceat(
        letter_likeness(text, [snapshot.phrasings[unit].text for unit in units.tolist()]), starts, axis=1
    )
    wording, chunk = _part_views(snapshot, weighted, found, rows)
    views = np.concatenate((entry[:, rows], phrasing[:-1], wording, chunk, head[None, rows], letters))
    best = views.max(axis=1, keepdims=True)
    again = _repetition(np.maximum(phrasing[-1:], phrasing[-2:-1]))
    features = np.concatenate((views, views / np.maximum(best, 1e-9), again))
    fused = (WEIGHTS.fusion + snapshot.phrased_share * WEIGHTS.fusion_phrased) @ features
    order = np.argsort(-fused, kind="stable")
    nobody = cosine[:, snapshot.units_of(NOBODY)].max(axis=1, initial=0.0)
    mass = float(weighted.mass[0] / np.log(2 + snapshot.rows + snapshot.units))
    return Scores(rows[order], fused[order], features[:, order], nobody, weighted.known, mass)


def _highest(values: Floats, count: int) -> npt.NDArray[np.int64]:
    """Where the `count` highest values are, of equal ones the first.

    The maxima of `count` stretches bound them from below, which leaves few to choose among: choosing among all
    takes ten times as long.
    """
    maxima = np.maximum.reduceat(values, np.arange(0, len(values), _STRETCH))
    at_least = np.partition(maxima, -count)[-count] if len(maxima) > count else -np.inf
    good = np.flatnonzero(values >= at_least)
    return good[np.argsort(-values[good], kind="stable")[:count]]


def known_share(snapshot: Snapshot, question: AnalysedText) -> float:
    """Share of the question's n-gram weight that the index knows: the sense a text makes here."""
    if len(question.keys) == 0 or snapshot.units == 0:
        return 0.0
    return float(_weigh(snapshot, question, None).known[1])


def _weigh(snapshot: Snapshot, question: AnalysedText, importance: Floats | None) -> _Weighted:
    keys = question.keys
    entry_runs = [postings.find(keys) for postings in snapshot.entry_postings]
    phrase_runs = [postings.find(keys) for postings in snapshot.phrasing_postings]
    in_entries = np.zeros(len(keys), np.int64)
    in_phrasings = np.zeros(len(keys), np.int64)
    for (_, counts), postings in zip(entry_runs, snapshot.entry_postings, strict=True):
        in_entries += counts
        if len(postings.common):
            in_entries += postings.common_among(keys)
    for _, counts in phrase_runs:
        in_phrasings += counts
    weights = inverse_frequency(snapshot, in_entries, in_phrasings)
    if importance is not None:
        weights = weights * importance
    frequency = in_entries + in_phrasings
    cost = frequency * (weights > 0)
    if int(cost.sum()) > _POSTING_BUDGET:
        # The commonest n-grams cost most and say least; they are left out on both sides of the ratio.
        rarest_first = np.argsort(cost, kind="stable")
        weights[rarest_first[np.cumsum(cost[rarest_first]) > _POSTING_BUDGET]] = 0.0
    weighed = weights > 0
    bounds = np.array(question.bounds)
    mass = _channel_sums(weights, bounds)
    return _Weighted(
        weights=weights,
        channels=np.repeat(np.arange(CHANNEL_COUNT), np.diff(bounds)),
        mass=np.maximum(mass, 1e-9),
        norm=np.maximum(np.sqrt(_channel_sums(weights**2, bounds)), 1e-9),
        known=_channel_sums(weights * (frequency > 0), bounds) / np.maximum(mass, 1e-9),
        entry_runs=[(starts, counts * weighed) for starts, counts in entry_runs],
        phrase_runs=[(starts, counts * weighed) for starts, counts in phrase_runs],
    )


def _channel_sums(values: Floats, bounds: npt.NDArray[np.int64]) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.diff(sums[bounds])


@dataclass(frozen=True, slots=True)
class _Found:
    """Postings met while scoring whole entries, kept for scoring parts of the best.

    `places` are rows, those of each channel after those of the channel before.
    """

    places: npt.NDArray[np.int64]
    weights: Floats
    marks: npt.NDArray[np.uint8]


def _entry_view(snapshot: Snapshot, weighted: _Weighted) -> tuple[Floats, _Found]:
    """Matched weight over question weight, whole entries; shape (channels, rows)."""
    rows = snapshot.rows
    sums = np.zeros(CHANNEL_COUNT * rows)
    found: list[_Found] = []
    for postings, (starts, counts) in zip(snapshot.entry_postings, weighted.entry_runs, strict=True):
        met = _where(starts, counts)
        places = np.repeat(weighted.channels * rows + postings.base, counts) + _taken(postings.rows, met)
        weights = np.repeat(weighted.weights, counts)
        sums += np.bincount(places, weights * _taken(postings.values, met), minlength=len(sums))
        found.append(_Found(places, weights, _taken(postings.marks, met)))
    entry = sums.reshape(CHANNEL_COUNT, rows) / (255.0 * weighted.mass[:, None])
    if len(found) == 1:
        return entry, found[0]
    return entry, _Found(
        np.concatenate([hit.places for hit in found]),
        np.concatenate([hit.weights for hit in found]),
        np.concatenate([hit.marks for hit in found]),
    )


def _where(
    starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> list[slice] | npt.NDArray[np.int64]:
    """Where the postings of all runs are: one by one while runs are short, else as slices."""
    if int(counts.sum()) < _LONG_RUN * len(counts):
        return gather(starts, counts)
    met = counts > 0
    firsts = starts[met]
    return [*map(slice, firsts.tolist(), (firsts + counts[met]).tolist())]


def _taken(array: npt.NDArray[Any], where: list[slice] | npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    return np.concatenate([array[run] for run in where]) if isinstance(where, list) else array[where]


def _repetition(alike: Floats) -> Floats:
    """0 up to a likeness of 0.6, and 1 when a known wording comes again with the same words, in whatever order."""
    return np.clip((alike - _REPEAT_FROM) / (1 - _REPEAT_FROM), 0.0, 1.0) ** 2


def head_scores(snapshot: Snapshot, alike: Floats) -> Floats:
    """The phrase head's score of every row, from the likeness of the question to every phrasing."""
    plain = alike * snapshot.plain_weights
    scores = np.bincount(snapshot.phrasing_rows, plain, minlength=snapshot.rows).astype(np.float64)
    units, rows = snapshot.head.shape
    if units:
        scores[:rows] += (alike[:units] + HEAD_BIAS).astype(np.float32) @ snapshot.head
    return scores


def _unit_scores(snapshot: Snapshot, weighted: _Weighted) -> tuple[Floats, Floats, Floats]:
    """Matched weight over question weight, and cosine, of every phrasing; shapes (channels, units).

    Third, how far its words are those of the question, every word counting alike: 1 when they are the same. The
    other two hardly see a word that is everywhere, but "where" and "when" are other questions. Shape (units).
    """
    units = snapshot.units
    size = CHANNEL_COUNT * units
    matched = np.zeros(size)
    product = np.zeros(size)
    shared = np.zeros(units)
    words = int((weighted.channels == 0).sum())
    for postings, (starts, counts) in zip(snapshot.phrasing_postings, weighted.phrase_runs, strict=True):
        rows = _taken(postings.rows, _where(starts, counts))
        places = np.repeat(weighted.channels * units + postings.base, counts) + rows
        weights = np.repeat(weighted.weights, counts)
        matched += np.bincount(places, weights, minlength=size)
        product += np.bincount(places, weights * weights, minlength=size)
        shared += np.bincount(places[: counts[:words].sum()], minlength=units)[:units]
    matched = matched.reshape(CHANNEL_COUNT, units)
    product = product.reshape(CHANNEL_COUNT, units)
    return (
        matched / weighted.mass[:, None],
        product / (weighted.norm[:, None] * np.maximum(snapshot.norms, 1e-6)),
        2 * shared / np.maximum(words + snapshot.word_counts, 1),
    )


def _best_of_row(snapshot: Snapshot, unit_scores: Floats) -> Floats:
    """The highest score among each row's phrasings; 0 for a row without."""
    rows = snapshot.phrasing_rows
    if len(snapshot.unit_rows) < snapshot.units:
        unit_scores = np.maximum.reduceat(unit_scores[snapshot.unit_order], snapshot.unit_starts)
        rows = snapshot.unit_rows
    best = np.zeros(snapshot.rows)
    best[rows] = unit_scores
    return best


def _units_of(
    snapshot: Snapshot, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The phrasings of these rows, one row's after the other's, and where each row's begin."""
    places = np.searchsorted(snapshot.unit_rows, rows)
    starts = snapshot.unit_starts[places]
    counts = np.append(snapshot.unit_starts, snapshot.units)[places + 1] - starts
    return snapshot.unit_order[gather(starts, counts)], np.cumsum(counts) - counts


def _part_views(
    snapshot: Snapshot, weighted: _Weighted, found: _Found, candidates: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """All wording of each candidate, and its best answer chunk, by matched weight; shapes (channels, candidates)."""
    count = len(candidates)
    number = np.full((CHANNEL_COUNT, snapshot.rows), -1, np.int32)
    number[:, candidates] = np.arange(CHANNEL_COUNT * count).reshape(CHANNEL_COUNT, count)
    met = number.ravel()[found.places]
    kept = np.flatnonzero(met >= 0)
    posting, bit = np.nonzero(np.unpackbits(found.marks[kept, None], axis=1))
    sums = np.bincount(
        met[kept][posting] * 8 + bit, found.weights[kept][posting], minlength=CHANNEL_COUNT * count * 8
    )
    parts = sums.reshape(CHANNEL_COUNT, count, 8) / weighted.mass[:, None, None]
    return parts[:, :, 0], parts[:, :, 1:].max(axis=2)


def unit_likeness(snapshot: Snapshot, question: AnalysedText) -> Floats:
    """How alike a question is to every phrasing: cosine, channels weighed as in the head; shape (units)."""
    if len(question.keys) == 0 or snapshot.units == 0:
        return np.zeros(snapshot.units)
    return WEIGHTS.head_channels @ _unit_scores(snapshot, _weigh(snapshot, question, None))[1]

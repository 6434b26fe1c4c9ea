"""Learn the numbers of the answer engine and write them to `knowledge/search/weights.json`.

    python -m benchmarks.learn_answer_weights

Fusion: multinomial regression over each question's candidates. Confidence: boosted trees (`boosting.py`) for "the
first candidate is right", with unanswerable questions among them; a better match or a clearer lead never lowers
it, so that unusual questions are judged sensibly too. Half of the questions carry typing slips of our
own making (`mistyping.py`). Data: `thai_questions.py`; the parts used for measuring in `answers.py` are others.
Everything is seeded; the same data gives the same numbers.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.boosting import Booster
from benchmarks.thai_questions import (
    Asked,
    Trial,
    bare_trial,
    demo_trials,
    mistyped,
    public_trial,
    residents_trial,
    young_office_trials,
)
from knowledge.search import FaqIndex, decision, scoring
from knowledge.search.analysis import CHANNELS
from knowledge.search.scoring import Floats, score
from knowledge.search.weights import CONFIDENCE_NAMES, FUSION_NAMES, UNBOUND_NAMES, WEIGHTS

TARGET = Path(scoring.__file__).parent / "weights.json"
_REGULARISATION = 1e-4
_STEPS = 350
_REPEAT_WEIGHT = 0.5
_TREES = 250
_CORPUS_WEIGHTS = {
    "residents": 2.0,
    "demo": 1.5,
    "bare": 1.5,
    "bare, one wording": 0.7,
    "young office": 0.5,
    "iapp_faq": 2.5,
    "truevoice_intent": 2.0,
}


@dataclass(frozen=True, slots=True)
class _Example:
    """One question's candidates: features (candidates, fusion features twice), and which are right."""

    corpus: str
    features: Floats
    right: np.ndarray
    answerable: bool


def trials() -> Iterator[Trial]:
    """What is learned from: halves of what the demo office is asked, and parts of the public sets."""
    yield residents_trial(0)
    yield from list(demo_trials(repeats=True))[:2]
    yield bare_trial(0)
    yield bare_trial(0, wordings=1)
    yield from young_office_trials()
    for name in ("iapp_faq", "truevoice_intent"):
        trial = public_trial(name, answerable=slice(0, 1000), unanswerable=slice(0, 250))
        if trial is not None:
            yield trial


def _taught(trial: Trial) -> tuple[FaqIndex, Trial]:
    """The same questions after a thousand confirmations, so that the head's worth with many is learned too."""
    index = FaqIndex.build(trial.documents)
    confirmed = public_trial(trial.corpus, answerable=slice(3000, 4000), unanswerable=slice(0, 0))
    index.learn((asked.text, min(asked.gold)) for asked in (confirmed or trial).questions if asked.gold)
    return index, trial


def _readings(trial: Trial) -> list[Asked]:
    """Every question as asked, with some slips, and with many."""
    return [
        *trial.questions,
        *mistyped(trial.questions, seed=3),
        *mistyped(trial.questions, seed=4, rate=0.13),
    ]


def _examples(index: FaqIndex, trial: Trial) -> Iterator[_Example]:
    snapshot = index.snapshot
    for asked in _readings(trial):
        question = index.read(asked.text)
        scores = score(snapshot, question.analysed, question.text)
        right = np.array([snapshot.ids[row] in asked.gold for row in scores.rows])
        if len(right):
            features = scores.features.T
            both = np.concatenate((features, snapshot.phrased_share * features), axis=1)
            yield _Example(trial.corpus, both, right, bool(asked.gold))


def _learn_fusion(examples: list[_Example]) -> Floats:
    """Weights that make the right candidate the likeliest of each question's."""
    useful = [example for example in examples if example.right.any()]
    counts = {c: sum(e.corpus == c for e in useful) for c in {e.corpus for e in useful}}
    starts = np.concatenate(([0], np.cumsum([len(e.right) for e in useful])))[:-1]
    sizes = np.array([len(e.right) for e in useful])
    features = np.concatenate([e.features for e in useful])
    right = np.concatenate([e.right / e.right.sum() for e in useful])
    importance = np.repeat([_CORPUS_WEIGHTS[e.corpus] / counts[e.corpus] for e in useful], sizes)
    weights = np.zeros(features.shape[1])
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        logits = features @ weights
        logits = np.exp(logits - np.repeat(np.maximum.reduceat(logits, starts), sizes))
        chance = logits / np.repeat(np.add.reduceat(logits, starts), sizes)
        slope = features.T @ (importance * (chance - right)) + _REGULARISATION * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        rate = 0.3 if step < _STEPS / 2 else 0.06
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    weights /= weights.sum()
    # Whatever was learned, a wording confirmed for an entry and repeated word for word finds that entry.
    weights[len(FUSION_NAMES) - 1] = max(weights[len(FUSION_NAMES) - 1], _REPEAT_WEIGHT)
    weights[-1] = max(weights[-1], 0.0)
    return weights


def main() -> None:
    """Learn and write."""
    pairs = [(FaqIndex.build(trial.documents), trial) for trial in trials()]
    pairs += [_taught(trial) for _, trial in pairs if trial.corpus == "truevoice_intent"]
    fusion = _learn_fusion([example for index, trial in pairs for example in _examples(index, trial)])
    half = len(FUSION_NAMES)
    scoring.WEIGHTS = replace(WEIGHTS, fusion=fusion[:half], fusion_phrased=fusion[half:])
    rows: list[Floats] = []
    right: list[bool] = []
    importance: list[float] = []
    sizes = {t.corpus: sum(3 * len(o.questions) for _, o in pairs if o.corpus == t.corpus) for _, t in pairs}
    for index, trial in pairs:
        for asked in _readings(trial):
            question = index.read(asked.text)
            scores = score(index.snapshot, question.analysed, question.text)
            if len(scores.rows) == 0:
                continue
            rows.append(decision.confidence_features(question, scores))
            right.append(index.snapshot.ids[scores.rows[0]] in asked.gold)
            importance.append(_CORPUS_WEIGHTS[trial.corpus] / sizes[trial.corpus] * 1000)
    bound = [0 if name in UNBOUND_NAMES else 1 for name in CONFIDENCE_NAMES]
    booster = Booster(np.array(rows), np.array(right, float), np.array(importance), bound)
    confidence = booster.learn(_TREES)
    table = {
        "fusion": dict(zip(FUSION_NAMES, fusion[:half].round(4).tolist(), strict=True)),
        "fusion_phrased": dict(zip(FUSION_NAMES, fusion[half:].round(4).tolist(), strict=True)),
        "head_channels": dict(zip(CHANNELS, WEIGHTS.head_channels.tolist(), strict=True)),
        "answer_threshold": WEIGHTS.answer_threshold,
        "clarify_threshold": WEIGHTS.clarify_threshold,
        "confidence_base": round(confidence.base, 4),
    }
    trees = np.concatenate(
        (confidence.features, confidence.cuts.round(4), confidence.values.round(4)), axis=1
    )
    text = json.dumps(table, indent=1).removesuffix("\n}")
    rows_of_text = ",\n".join(json.dumps([*map(int, row[:3]), *row[3:]]) for row in trees.tolist())
    TARGET.write_text(f'{text},\n "confidence_trees": [\n{rows_of_text}\n ]\n}}\n', encoding="utf-8")
    print(f"{len(rows)} questions; wrote {TARGET}")


if __name__ == "__main__":
    main()

"""How well complaints are sorted: five-fold cross-validation on the shipped texts, and on public utterances.

Run from the repository root: python benchmarks/complaints.py [--wrong]

The public utterances are call-centre talk with one of 18 intents each (kobkrit/truevoice-intent, see
`thai_questions`): 2,261 to learn from, 754 to ask. Macro-F1 is the mean over labels, where the labels
given to a text are those of probability one half or more, and the best one in any case. Top 3: one of the
three best labels is true.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.mistyping import mistype
from benchmarks.thai_questions import public_trial
from knowledge.classify import Prediction, TextClassifier
from knowledge.classify.complaints import DEFAULT_DEPARTMENTS, read_complaints

FOLDS = 5
SEED = 2570
LEARNED, ASKED = 2_261, 754

Labelled = tuple[str, frozenset[str]]
Answer = tuple[frozenset[str], list[Prediction]]


class Model(Protocol):
    """What can be asked as a `TextClassifier` is."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def predict(self, text: str, *, limit: int = 3) -> list[Prediction]: ...


def category_examples() -> list[Labelled]:
    """The shipped texts with their categories."""
    return [(said.text, frozenset(said.categories)) for said in read_complaints()]


def urgency_examples() -> list[Labelled]:
    """The same texts with their urgency."""
    return [(said.text, frozenset([said.urgency.value])) for said in read_complaints() if said.urgency]


def department_examples() -> list[Labelled]:
    """The same texts with the departments that look after them in a small office."""
    return [
        (text, frozenset(DEFAULT_DEPARTMENTS[name] for name in names)) for text, names in category_examples()
    ]


def mistyped(examples: Iterable[Labelled]) -> list[Labelled]:
    """The same texts with typing slips; a seed each, so that others may come and go."""
    return [(mistype(text, random.Random(text)), labels) for text, labels in examples]


def cross_validate(
    examples: Sequence[Labelled],
    *,
    slips: bool,
    fit: Callable[[Sequence[Labelled]], Model] = TextClassifier.fit,
) -> list[Answer]:
    """Every text judged by a model that has not seen it."""
    shuffled = random.Random(SEED).sample(examples, len(examples))
    answers: list[Answer] = []
    for fold in range(FOLDS):
        model = fit([e for i, e in enumerate(shuffled) if i % FOLDS != fold])
        asked = shuffled[fold::FOLDS]
        answers += ask(model, mistyped(asked) if slips else asked)
    return answers


def ask(model: Model, examples: Iterable[Labelled]) -> list[Answer]:
    """What the model says of each text, beside what is true."""
    return [(labels, model.predict(text, limit=len(model.labels))) for text, labels in examples]


def given(predictions: Sequence[Prediction]) -> frozenset[str]:
    """The labels a text gets: the likely ones, at least the best."""
    likely = frozenset(prediction.label for prediction in predictions if prediction.probability >= 0.5)
    return likely or frozenset([predictions[0].label])


def f1_scores(answers: Sequence[Answer]) -> dict[str, float]:
    """The F1 of every label that is true of some text."""
    hits: Counter[str] = Counter()
    truths: Counter[str] = Counter()
    guesses: Counter[str] = Counter()
    for labels, predictions in answers:
        guessed = given(predictions)
        hits.update(labels & guessed)
        truths.update(labels)
        guesses.update(guessed)
    return {label: 2 * hits[label] / (truths[label] + guesses[label]) for label in sorted(truths)}


def in_top(answers: Sequence[Answer], count: int) -> float:
    """The share of texts with a true label among the `count` best."""
    return float(np.mean([bool(labels & {p.label for p in found[:count]}) for labels, found in answers]))


def print_figures(title: str, answers: Sequence[Answer]) -> None:
    """One line."""
    mean = float(np.mean(list(f1_scores(answers).values())))
    print(f"{title:<34} macro-F1 {mean:.3f}  first {in_top(answers, 1):.3f}  top 3 {in_top(answers, 3):.3f}")


def print_wrong(answers_of: Sequence[tuple[str, Answer]]) -> None:
    """Texts whose best label is not true of them."""
    for text, (labels, predictions) in answers_of:
        if predictions[0].label not in labels:
            guess = f"{predictions[0].label} {predictions[0].probability:.2f}"
            print(f"  {' + '.join(sorted(labels))} taken for {guess}: {text}")


def print_public() -> None:
    """Figures and times on the public utterances, when they are there."""
    trial = public_trial("truevoice_intent", answerable=slice(0, LEARNED + ASKED), unanswerable=slice(0))
    if trial is None:
        print("\nno public utterances here")
        return
    examples = [(question.text, question.gold) for question in trial.questions]
    started = time.perf_counter()
    model = TextClassifier.fit(examples[:LEARNED])
    print(f"\npublic utterances, {LEARNED} learned in {time.perf_counter() - started:.1f} s")
    asked = examples[LEARNED:]
    print_figures("clean", ask(model, asked))
    print_figures("mistyped", ask(model, mistyped(asked)))
    taken: list[float] = []
    for text, _ in asked:
        started = time.perf_counter()
        model.predict(text)
        taken.append((time.perf_counter() - started) * 1000)
    p50, p99 = np.percentile(taken, [50, 99])
    print(f"one text: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--wrong", action="store_true", help="list the shipped texts taken for something else"
    )
    wrong = parser.parse_args().wrong
    sets = (
        ("categories", category_examples()),
        ("departments", department_examples()),
        ("urgency", urgency_examples()),
    )
    print(f"{len(sets[0][1])} shipped texts, {FOLDS}-fold cross-validation")
    for name, examples in sets:
        clean = cross_validate(examples, slips=False)
        print_figures(f"{name}, clean", clean)
        print_figures(f"{name}, mistyped", cross_validate(examples, slips=True))
        print("  " + ", ".join(f"{label} {score:.2f}" for label, score in f1_scores(clean).items()))
        if wrong:
            shuffled = random.Random(SEED).sample(examples, len(examples))
            order = [text for fold in range(FOLDS) for text, _ in shuffled[fold::FOLDS]]
            print_wrong(list(zip(order, clean, strict=True)))
    print_public()


if __name__ == "__main__":
    main()

"""How well messages are told apart: five-fold cross-validation, held-out messages, and time.

Run from the repository root: python benchmarks/intents.py
"""

import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from knowledge.classify import IntentLabel, TextClassifier, classify_intent, load_intents
from knowledge.classify.intents import read_examples

HELD_OUT = Path(__file__).with_name("intents_heldout.txt")
FOLDS = 5
SEED = 2569

Confusion = Counter[tuple[str, str]]


def cross_validate() -> Confusion:
    """(right label, predicted label) counts of the bare model, without the rules around it."""
    examples = read_examples()
    random.Random(SEED).shuffle(examples)
    counts: Confusion = Counter()
    for fold in range(FOLDS):
        model = TextClassifier.fit(e for i, e in enumerate(examples) if i % FOLDS != fold)
        for text, (label,) in examples[fold::FOLDS]:
            counts[label, model.predict(text, limit=1)[0].label] += 1
    return counts


def measure_held_out() -> Confusion:
    """The same for messages the model never saw, through `classify_intent`; prints what went wrong."""
    counts: Confusion = Counter()
    for text, (label,) in read_examples(HELD_OUT):
        found = classify_intent(text)
        counts[label, found.label.value] += 1
        if found.label != label:
            print(f"  {label} taken for {found.label} ({found.probability:.2f}): {text}")
    return counts


def print_confusion(title: str, counts: Confusion) -> None:
    """One row per right label, one column per predicted label, then recall and precision."""
    names = [label.value for label in IntentLabel]
    right = sum(counts[name, name] for name in names)
    print(f"\n{title}: {right} of {counts.total()} right ({right / counts.total():.1%})")
    print(" " * 11 + "".join(f"{name[:6]:>7}" for name in names) + "  recall  precision")
    for name in names:
        row = [counts[name, other] for other in names]
        given = sum(counts[other, name] for other in names)
        recall, precision = counts[name, name] / max(1, sum(row)), counts[name, name] / max(1, given)
        print(f"{name:<11}" + "".join(f"{n:>7}" for n in row) + f"  {recall:6.2f}  {precision:9.2f}")


def print_times() -> None:
    """Milliseconds of one classification, over the held-out messages."""
    messages = [text for text, _ in read_examples(HELD_OUT)] * 5
    taken = []
    for message in messages:
        started = time.perf_counter()
        classify_intent(message)
        taken.append((time.perf_counter() - started) * 1000)
    p50, p99 = np.percentile(taken, [50, 99])
    print(f"\none message: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


if __name__ == "__main__":
    started = time.perf_counter()
    load_intents()
    print(f"first use, dictionary included: {time.perf_counter() - started:.2f} s\n")
    held_out = measure_held_out()
    print_confusion("held-out messages", held_out)
    print_confusion(f"{FOLDS}-fold cross-validation", cross_validate())
    print_times()

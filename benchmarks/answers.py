"""Measure the answer engine: finding, deciding, speed and memory.

    python -m benchmarks.answers

Questions and entries: see `thai_questions.py`. "mistyped" carries slips made by `mistyping.py`. For each FAQ:
R@1 and R@3 of answerable questions; what becomes of answerable and unanswerable ones under the shipped
thresholds; the share answered when at least 95 % of answers are right; milliseconds of one decision.
"""

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.thai_questions import Asked, Trial, demo_trials, mistyped, public_trial
from knowledge.search import FaqIndex


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    kind: str
    confidence: float
    answerable: bool
    first: bool
    among_three: bool
    offered: bool
    """The right entry was given or among the choices."""


def trials() -> Iterator[Trial]:
    """Questions that the shipped numbers were not learned from."""
    yield from list(demo_trials())[2:]
    for name in ("iapp_faq", "truevoice_intent"):
        trial = public_trial(name, answerable=slice(2000, 2600), unanswerable=slice(400, 475))
        if trial is not None:
            yield trial


def ask(index: FaqIndex, questions: Sequence[Asked]) -> tuple[list[Outcome], list[float]]:
    """Outcomes, and milliseconds of each decision."""
    outcomes: list[Outcome] = []
    times: list[float] = []
    for asked in questions:
        started = time.perf_counter()
        decision = index.decide(asked.text)
        times.append((time.perf_counter() - started) * 1000)
        found = [hit.id for hit in index.search(asked.text, limit=3)]
        outcomes.append(
            Outcome(
                kind=decision.kind,
                confidence=decision.confidence,
                answerable=bool(asked.gold),
                first=bool(asked.gold & set(found[:1])),
                among_three=bool(asked.gold & set(found)),
                offered=any(hit.id in asked.gold for hit in decision.hits),
            )
        )
    return outcomes, times


def coverage_at_precision(outcomes: Sequence[Outcome], precision: float) -> float:
    """Largest share of answerable questions that can be answered with this share of answers right."""
    ranked = sorted(outcomes, key=lambda outcome: -outcome.confidence)
    right = np.cumsum([outcome.first for outcome in ranked])
    precise = right >= precision * np.arange(1, len(ranked) + 1)
    answerable = sum(outcome.answerable for outcome in outcomes)
    return float((right[precise].max() if precise.any() else 0) / max(answerable, 1))


def report(label: str, outcomes: Sequence[Outcome], times: Sequence[float]) -> None:
    """Print one line."""
    known = [outcome for outcome in outcomes if outcome.answerable]
    foreign = [outcome for outcome in outcomes if not outcome.answerable]
    answers = [outcome for outcome in outcomes if outcome.kind == "answer"]

    def share(chosen: Sequence[Outcome], of: Sequence[Outcome]) -> float:
        return len(chosen) / max(len(of), 1)

    print(
        f"{label:26} {len(known):5}+{len(foreign):<4}"
        f" R@1 {share([o for o in known if o.first], known):.3f}"
        f" R@3 {share([o for o in known if o.among_three], known):.3f}"
        f" | answered {share([o for o in known if o.kind == 'answer'], known):.2f}"
        f" precision {share([o for o in answers if o.first], answers):.3f}"
        f" right or offered {share([o for o in known if o.offered], known):.2f}"
        f" | foreign: answered {share([o for o in foreign if o.kind == 'answer'], foreign):.2f}"
        f" unknown {share([o for o in foreign if o.kind == 'unknown'], foreign):.2f}"
        f" | C@P95 {coverage_at_precision(outcomes, 0.95):.2f}"
        f" | p50 {np.median(times):.2f} p99 {np.percentile(times, 99):.2f} ms",
        flush=True,
    )


def learning_curve() -> None:
    """What confirmed answers are worth on call-centre utterances."""
    taught = public_trial("truevoice_intent", answerable=slice(1000, 2000), unanswerable=slice(0, 0))
    tested = public_trial("truevoice_intent", answerable=slice(2000, 2600), unanswerable=slice(0, 0))
    if taught is None or tested is None:
        return
    index = FaqIndex.build(taught.documents)
    pairs = [(asked.text, min(asked.gold)) for asked in taught.questions if asked.gold]
    for start, end in ((0, 0), (0, 300), (300, 1000)):
        started = time.perf_counter()
        index.learn(pairs[start:end])
        seconds = time.perf_counter() - started
        report(f"utterances +{end} ({seconds:.1f} s)", *ask(index, tested.questions))


def editing() -> None:
    """Milliseconds to change or remove one entry of the demo office."""
    documents = next(demo_trials()).documents
    index = FaqIndex.build(documents)
    changed: list[float] = []
    for document in documents:
        started = time.perf_counter()
        index.upsert(document)
        changed.append((time.perf_counter() - started) * 1000)
    print(f"one entry of {len(documents)} changed: p50 {np.median(changed):.1f} max {max(changed):.1f} ms")


def main() -> None:
    """Run everything and print."""
    FaqIndex.build([]).decide("อุ่นเครื่อง")
    together: dict[str, list[tuple[list[Outcome], list[float]]]] = {}
    for trial in trials():
        started = time.perf_counter()
        index = FaqIndex.build(trial.documents)
        seconds = time.perf_counter() - started
        for state, questions in (("clean", trial.questions), ("mistyped", mistyped(trial.questions, 4))):
            label = f"{trial.corpus} {len(trial.documents)} {state}"
            together.setdefault(label, []).append(ask(index, questions))
        print(f"built {trial.corpus}, {len(index)} entries, in {seconds:.2f} s", flush=True)
    for label, runs in together.items():
        report(label, [o for outcomes, _ in runs for o in outcomes], [t for _, times in runs for t in times])
    learning_curve()
    editing()
    print(f"resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main()

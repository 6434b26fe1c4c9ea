"""Measure the answer engine and its peers on the same questions: finding, deciding, learning, speed and size.

    export OPENBLAS_NUM_THREADS=1
    uv run --group benchmarks python -m benchmarks.answers            # everything, in about an hour
    uv run --group benchmarks python -m benchmarks.answers --quick    # no 100,000 entries, no peers at size

Questions and entries: `thai_questions.py`, none that the shipped numbers were learned from; "mistyped" carries
slips made by `mistyping.py`. The figures: `answer_figures.py`. The peers: `peers.py`. Sizes: `answer_scale.py`.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks import answer_scale
from benchmarks.answer_figures import Outcome, header, put, row
from benchmarks.peers import Ours, engines, timed
from benchmarks.thai_questions import (
    Trial,
    bare_trial,
    demo_trials,
    mistyped,
    public_trial,
    residents_trial,
)
from knowledge.search import Decision

_SEED = 4


def sets() -> Iterator[Sequence[Trial]]:
    """Questions that the shipped numbers were not learned from; the trials of one set are counted together.

    The unanswerable ones of the public sets all look in-scope: those that do not were all learned from.
    """
    yield [residents_trial(1)]
    yield [bare_trial(1)]
    yield list(demo_trials())[2:]
    for name in ("iapp_faq", "truevoice_intent"):
        trial = public_trial(name, answerable=slice(2000, 2600), unanswerable=slice(400, 550))
        if trial is not None:
            yield [trial]


def compare(trials: Sequence[Trial]) -> None:
    """Print every engine's figures on one set, and what ours does under its shipped thresholds."""
    questions = [asked for trial in trials for asked in trial.questions]
    known = sum(bool(asked.gold) for asked in questions)
    print(
        f"\n{trials[0].corpus}: {len(trials[0].documents):,} entries,"
        f" {known} answerable questions, {len(questions) - known} unanswerable\n"
    )
    header()
    decided: list[tuple[frozenset[str], Decision]] = []
    for name, build in engines().items():
        clean: list[Outcome] = []
        slipped: list[Outcome] = []
        spent = 0.0
        for trial in trials:
            engine, milliseconds = timed(build, trial.documents)
            spent += milliseconds / 1000
            slips = mistyped(trial.questions, _SEED)
            clean += put(engine, trial.questions)
            slipped += put(engine, slips)
            if isinstance(engine, Ours):
                decided += [(asked.gold, engine.index.decide(asked.text)) for asked in slips]
        row(name, clean, slipped, spent / len(trials))
    report_shipped(decided)


def report_shipped(decided: Sequence[tuple[frozenset[str], Decision]]) -> None:
    """Print what becomes of questions under the thresholds that an office begins with."""
    counts = Counter(
        (decision.kind, any(hit.id in gold for hit in decision.hits)) for gold, decision in decided if gold
    )
    foreign = Counter(decision.kind for gold, decision in decided if not gold)
    known = counts.total()
    print(
        f"\nours, mistyped, at the shipped thresholds: answered rightly {counts['answer', True] / known:.1%},"
        f" wrongly {counts['answer', False] / known:.1%},"
        f" right one offered {counts['clarify', True] / known:.1%};"
        f" of the unanswerable answered {foreign['answer'] / max(foreign.total(), 1):.1%}",
        flush=True,
    )


def learning_curve() -> None:
    """Print what confirmed answers are worth on call-centre utterances."""
    taught = public_trial("truevoice_intent", answerable=slice(1000, 2000), unanswerable=slice(0, 0))
    tested = public_trial("truevoice_intent", answerable=slice(2000, 2600), unanswerable=slice(400, 550))
    if taught is None or tested is None:
        return
    print("\ntruevoice_intent after confirmed answers; the last column is the time to learn them\n")
    header()
    engine = Ours(taught.documents)
    pairs = [(asked.text, min(asked.gold)) for asked in taught.questions if asked.gold]
    for start, end in ((0, 0), (0, 300), (300, 1000)):
        _, milliseconds = timed(engine.index.learn, pairs[start:end])
        asked = put(engine, tested.questions), put(engine, mistyped(tested.questions, _SEED))
        row(f"ours after {end:,}", *asked, milliseconds / 1000)


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=answer_scale.SIZES, metavar="ENTRIES")
    parser.add_argument(
        "--quick", action="store_true", help="leave out 100,000 entries, and the peers at every size"
    )
    options = parser.parse_args()
    Ours([]).ask("อุ่นเครื่อง")
    for trials in sets():
        compare(trials)
    learning_curve()
    sizes = [size for size in options.sizes if not options.quick or size < answer_scale.SIZES[-1]]
    answer_scale.run(sizes, ["ours"] if options.quick else list(engines()))


if __name__ == "__main__":
    main()

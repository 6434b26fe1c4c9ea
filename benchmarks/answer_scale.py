"""Measure how the answer engine grows: time and memory at 1,000, 20,000 and 100,000 entries, on one core.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python -m benchmarks.answer_scale [entries ...]

Each size runs in a process of its own. No public FAQ is that large, so passages are recombined: runs of
phrases from the public encyclopaedic passages (the demo office's answers when those are absent), 500 to
1,000 characters long, about an invented name each, so that new words and n-grams keep coming as they do in
real text. Every second public entry is kept whole and asked for, clean and mistyped; recombined passages
are made of the others.
"""

import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.thai_questions import Asked, demo_documents, mistyped, public_trial
from knowledge.search import FaqDocument, FaqIndex

SIZES = (1_000, 20_000, 100_000)
_QUESTIONS = 300
_SYLLABLE = re.compile("[เ-ไ]?[ก-ฮ][ัิีึืุู]?[่้]?[ก-ฮา]?")
_HOSTILE = {
    "marks": "็่" * 50_000,
    "emoji": "😀" * 100_000,
    "Burmese": "မြန်မာ" * 16_000,
    "Thai": "กขคงจ" * 20_000,
}


def corpus(size: int) -> tuple[list[FaqDocument], list[Asked]]:
    """`size` entries, and questions that the whole ones among them answer."""
    trial = public_trial("iapp_faq", answerable=slice(2000, 5000), unanswerable=slice(0, 0))
    documents = trial.documents if trial is not None else demo_documents()
    kept, source = documents[::2], documents[1::2]
    kept = kept[: size // 2]
    there = {document.id for document in kept}
    if trial is None:
        asked = [Asked(variant, frozenset({d.id})) for d in kept for variant in d.variants[:2]]
    else:
        asked = [question for question in trial.questions if question.gold & there]
    return [*kept, *recombined(source, size - len(kept), seed=5)], asked[:_QUESTIONS]


def recombined(source: Sequence[FaqDocument], count: int, *, seed: int) -> Iterator[FaqDocument]:
    """`count` passages like those of `source`, no two alike."""
    chance = random.Random(seed)
    phrases = [document.answer.split() for document in source]
    syllables = _SYLLABLE.findall(" ".join(document.answer for document in source))
    for number in range(count):
        name = "".join(chance.choices(syllables, k=chance.randint(2, 4)))
        length = chance.randint(500, 1_000)
        parts = [name]
        while sum(map(len, parts)) + len(parts) < length:
            passage = chance.choice(phrases)
            start = chance.randrange(len(passage))
            parts += passage[start : start + chance.randint(2, 8)]
            if chance.random() < 0.3:
                parts.append(chance.choice(["และ", "ที่", "ของ"]) + name)
        tail = chance.choice(source).question
        yield FaqDocument(
            id=f"made-{number}", question=name + tail[len(tail) // 2 :], answer=" ".join(parts)[:length]
        )


def resident_megabytes() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def milliseconds(act: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.process_time()
    act()
    return (time.process_time() - started) * 1000


def measure(size: int, path: Path) -> None:
    """Build, ask, change, save. Prints one block."""
    FaqIndex.build([]).decide("อุ่นเครื่อง")
    documents, questions = corpus(size)
    length = sum(len(document.answer) for document in documents) / len(documents)
    before = resident_megabytes()
    started = time.process_time()
    index = FaqIndex.build(documents)
    built = time.process_time() - started
    print(
        f"{size:,} entries of {length:.0f} characters: built in {built:.1f} s,"
        f" resident {before:.0f} MB before, {resident_megabytes():.0f} after,"
        f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} at most",
        flush=True,
    )
    ask(index, questions)
    chance = random.Random(3)
    changed = [
        milliseconds(lambda document=document: index.upsert(document))
        for document in chance.sample(documents, min(100, size))
    ]
    print(f"  one entry changed: p50 {np.median(changed):.1f} max {max(changed):.1f} ms")
    saved = milliseconds(lambda: index.save(path))
    print(f"  saved in {saved / 1000:.2f} s, {path.stat().st_size / 2**20:.0f} MB", flush=True)


def measure_loaded(size: int, path: Path) -> None:
    """Load what `measure` saved and ask. Prints one block."""
    FaqIndex.build([]).decide("อุ่นเครื่อง")
    before = resident_megabytes()
    started = time.process_time()
    index = FaqIndex.load(path)
    print(f"  loaded in {time.process_time() - started:.2f} s", end="")
    print(f", resident {before:.0f} MB before, {resident_megabytes():.0f} after", flush=True)
    ask(index, corpus(1_000 if size == 1_000 else 2_000)[1])
    for name, text in _HOSTILE.items():
        slowest = max(milliseconds(lambda text=text: index.decide(text)) for _ in range(5))
        print(f"  100,000 characters, {name}: {slowest:.1f} ms, {index.decide(text).kind}")
    print(
        f"  resident {resident_megabytes():.0f} MB,"
        f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} at most",
        flush=True,
    )


def ask(index: FaqIndex, questions: list[Asked]) -> None:
    """Print how many are found first and how long decisions and searches take."""
    for state, texts in (("clean", questions), ("mistyped", mistyped(questions, 4))):
        for asked in texts[:20]:
            index.decide(asked.text)
        decided = [milliseconds(lambda asked=asked: index.decide(asked.text)) for asked in texts]
        searched = [milliseconds(lambda asked=asked: index.search(asked.text)) for asked in texts]
        firsts = [hits[0].id in asked.gold for asked in texts if (hits := index.search(asked.text, limit=1))]
        print(
            f"  {state:8} {len(texts)} R@1 {sum(firsts) / max(len(texts), 1):.3f}"
            f" | decide p50 {np.median(decided):.2f} p99 {np.percentile(decided, 99):.2f}"
            f" | search p50 {np.median(searched):.2f} p99 {np.percentile(searched, 99):.2f} ms",
            flush=True,
        )


def main() -> None:
    """Run every size in processes of its own; the two inner calls name the step as well."""
    match sys.argv[1:]:
        case ["measure", size, path]:
            measure(int(size), Path(path))
        case ["measure_loaded", size, path]:
            measure_loaded(int(size), Path(path))
        case sizes:
            for size in map(int, sizes or map(str, SIZES)):
                with tempfile.TemporaryDirectory() as folder:
                    for step in ("measure", "measure_loaded"):
                        command = [sys.executable, "-m", "benchmarks.answer_scale", step, str(size)]
                        subprocess.run([*command, f"{folder}/answers.index"], check=True)


if __name__ == "__main__":
    main()

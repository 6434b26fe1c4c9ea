"""Measure how the answer engine and its peers grow: time and memory at 1,000, 20,000 and 100,000 entries.

`python -m benchmarks.answers` runs it; each size and engine has a process of its own. No public FAQ is that large, so passages are recombined: runs of
phrases from the public encyclopaedic passages (the demo office's answers when those are absent), 500 to
1,000 characters long, about an invented name each, so that new words and n-grams keep coming as they do in
real text. Every second public entry is kept whole and asked for, clean and mistyped; recombined passages
are made of the others. A slow peer is asked as many questions as take a minute, clean and again mistyped.
"""

import ctypes
import gc
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.answer_figures import put, recall, share, speed
from benchmarks.peers import Ours, engines, timed
from benchmarks.thai_questions import Asked, demo_documents, mistyped, public_trial
from knowledge.search import FaqDocument, FaqIndex
from knowledge.thai import Segmenter

SIZES = (1_000, 20_000, 100_000)
_QUESTIONS = 300
_SECONDS = 60
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
    """Memory of this process now, after handing back what is free."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(size: int, name: str, path: Path) -> None:
    """Build one engine and ask it. Prints its row; of ours also what a change and saving to `path` take."""
    Segmenter().words("อุ่นเครื่อง")
    documents, questions = corpus(size)
    engine, built = timed(engines()[name], documents)
    changes = random.Random(3).sample(documents, min(100, size))
    documents.clear()
    for asked in questions[:20]:
        engine.ask(asked.text)
    clean = put(engine, questions, _SECONDS)
    slipped = put(engine, mistyped(questions, 4), _SECONDS)
    print(
        f"| {name:19} | {share(recall(clean, 1))} / {share(recall(slipped, 1))} | {len(clean):3} / {len(slipped):3}"
        f" | {speed([*clean, *slipped])} | {built / 1000:7.2f} | {resident_megabytes():11.0f} |",
        flush=True,
    )
    if isinstance(engine, Ours):
        changed = [timed(engine.index.upsert, document)[1] for document in changes]
        _, saved = timed(engine.index.save, path)
        print(
            f"{'':21} one entry changed p50 {np.median(changed):.1f} max {max(changed):.1f} ms;"
            f" saved in {saved / 1000:.2f} s, {path.stat().st_size / 2**20:.0f} MB",
            flush=True,
        )


def measure_loaded(path: Path) -> None:
    """Load what `measure` saved and ask. Prints time and memory, and what hostile questions cost."""
    Segmenter().words("อุ่นเครื่อง")
    before = resident_megabytes()
    index, loaded = timed(FaqIndex.load, path)
    for asked in corpus(min(SIZES))[1]:
        index.decide(asked.text)
    print(
        f"{'':21} loaded in {loaded / 1000:.2f} s, resident {before:.0f} MB before,"
        f" {resident_megabytes():.0f} after {_QUESTIONS} questions"
    )
    slowest = {name: max(timed(index.decide, text)[1] for _ in range(5)) for name, text in _HOSTILE.items()}
    told = ", ".join(f"{name} {spent:.1f} ms" for name, spent in slowest.items())
    print(f"{'':21} slowest decision on 100,000 characters: {told}", flush=True)


def run(sizes: Sequence[int], names: Sequence[str]) -> None:
    """Print a table for each size, with a row for each of the named engines."""
    for size in sizes:
        print(f"\n{size:,} entries\n")
        print(
            "| clean / mistyped    | R@1         | asked     | p50 ms   | p99 ms   | index s | resident MB |"
        )
        print(f"|{'|'.join('-' * width for width in (21, 13, 11, 10, 10, 9, 13))}|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/answers.index"
            for name in names:
                _alone(name, "measure", str(size), name, path)
                if name == "ours":
                    _alone(name, "measure_loaded", path)


def _alone(name: str, *step: str) -> None:
    """One step in a process of its own, on one thread; one that fails leaves the others their turn."""
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.answer_scale", *step],
        check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    if ended.returncode:
        print(f"| {name:19} | failed with {ended.returncode}", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", size, name, path]:
            measure(int(size), name, Path(path))
        case ["measure_loaded", path]:
            measure_loaded(Path(path))
        case _:
            sys.exit("python -m benchmarks.answers runs this")

"""A snapshot in one file: numpy arrays and a JSON part in an uncompressed zip. Nothing is unpickled."""

import json
import os
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.search.document import FaqDocument
from knowledge.search.postings import Postings
from knowledge.search.snapshot import Phrasing, Segment, Snapshot, compact, unit_arrays
from knowledge.thai import OfficeWords, Segmenter

_FORMAT = "phueanban-faq-index-2"
_POSTING_ARRAYS = ("keys", "offsets", "rows", "values", "marks")


def save(path: str | PathLike[str], snapshot: Snapshot, segmenter: Segmenter) -> None:
    """Write a snapshot; a reader of `path` sees the old file or the new one, never half of one."""
    snapshot = compact(snapshot)
    (segment,) = snapshot.segments
    head = {
        "format": _FORMAT,
        "average_length": snapshot.average_length,
        "own_words": sorted(segmenter.own_words),
        "synonyms": segmenter.office.synonyms,
        "protected": segmenter.office.protected,
        "stop_phrases": segmenter.office.stop_phrases,
        "documents": [
            [d.id, d.question, list(d.variants), d.answer, list(d.keywords)]
            for d in snapshot.documents
            if d is not None
        ],
        "phrasings": [[p.row, p.text, p.learned] for p in snapshot.phrasings],
    }
    arrays: dict[str, Any] = {
        "head": np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), np.uint8),
        "norms": snapshot.norms,
        "head_units": snapshot.head_units,
        "head_rows": snapshot.head_rows,
        "head_weights": snapshot.head_weights,
    }
    for name in _POSTING_ARRAYS:
        arrays[f"entries_{name}"] = getattr(segment.entries, name)
        arrays[f"phrasings_{name}"] = getattr(segment.phrasings, name)
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def load(path: str | PathLike[str]) -> tuple[Snapshot, Segmenter]:
    """Read a snapshot. Raises ValueError when the file is not one of this format."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays["head"].tobytes())
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise ValueError(f"not a saved answer index: {path}") from error
    if head["format"] != _FORMAT:
        raise ValueError(f"saved by another version: {path}")
    documents = [
        FaqDocument(id=i, question=q, variants=tuple(v), answer=a, keywords=tuple(k))
        for i, q, v, a, k in head["documents"]
    ]
    phrasings = tuple(Phrasing(row, text, learned) for row, text, learned in head["phrasings"])
    alive = np.ones(len(documents) + 1, np.bool_)
    alive[0] = False
    snapshot = Snapshot(
        documents=(None, *documents),
        row_of={document.id: row for row, document in enumerate(documents, start=1)},
        alive=alive,
        phrasings=phrasings,
        segments=(Segment(_postings(arrays, "entries"), _postings(arrays, "phrasings")),),
        average_length=head["average_length"],
        norms=arrays["norms"],
        head_units=arrays["head_units"],
        head_rows=arrays["head_rows"],
        head_weights=arrays["head_weights"],
        **unit_arrays(phrasings),
    )
    words = OfficeWords(
        synonyms=tuple(map(tuple, head["synonyms"])),
        protected=tuple(head["protected"]),
        stop_phrases=tuple(head["stop_phrases"]),
    )
    return snapshot, Segmenter(head["own_words"], words)


def _postings(arrays: dict[str, Any], part: str) -> Postings:
    return Postings(**{name: arrays[f"{part}_{name}"] for name in _POSTING_ARRAYS})

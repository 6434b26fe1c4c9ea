"""A snapshot in one file: a line that names the format, a JSON part, numpy arrays. Nothing is unpickled.

The arrays are mapped into memory: what is never asked for is never read, and processes share what is.
"""

import json
import os
import secrets
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from knowledge.search.postings import Postings
from knowledge.search.snapshot import Phrasing, Snapshot, unit_arrays
from knowledge.thai import OfficeWords, Segmenter

_FAMILY = b"phueanban-faq-index-"
_FORMAT = _FAMILY + b"5\n"
_ALIGNED = 64
_BLOCK = 1 << 20
_ARRAYS = ("alive", "phrasing_rows", "norms", "word_counts", "plain_weights", "head")
_POSTING_ARRAYS = ("keys", "offsets", "rows", "values", "marks", "common", "common_counts")


def save(path: str | PathLike[str], snapshot: Snapshot, segmenter: Segmenter) -> None:
    """Write a snapshot; a reader of `path` sees the old file or the new one, never half of one."""
    arrays: list[npt.NDArray[Any]] = [getattr(snapshot, name) for name in _ARRAYS]
    parts = {"entries": snapshot.entry_postings, "phrasings": snapshot.phrasing_postings}
    for postings in (*parts["entries"], *parts["phrasings"]):
        arrays += [getattr(postings, name) for name in _POSTING_ARRAYS]
    head = {
        "average_length": snapshot.average_length,
        "solved_units": snapshot.solved_units,
        "own_words": sorted(segmenter.own_words),
        "synonyms": segmenter.office.synonyms,
        "protected": segmenter.office.protected,
        "stop_phrases": segmenter.office.stop_phrases,
        "ids": snapshot.ids,
        "phrasings": [[p.row, p.text, p.taught] for p in snapshot.phrasings],
        "parts": {kind: [[p.base, p.bounds] for p in postings] for kind, postings in parts.items()},
        "arrays": [[array.dtype.str, array.shape] for array in arrays],
    }
    target = Path(path)
    # Two processes may have one id, in two containers, and two threads of a process write too.
    partial = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    try:
        with partial.open("w+b") as file:
            _write(file, json.dumps(head, ensure_ascii=False).encode(), arrays)
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _write(file: BinaryIO, head: bytes, arrays: list[npt.NDArray[Any]]) -> None:
    """The format, the length of the head and a checksum of all that follows, the head, the arrays."""
    file.write(_FORMAT)
    numbers = file.tell()
    file.write(bytes(16))
    checksum = zlib.crc32(head)
    file.write(head)
    for array in arrays:
        gap = bytes(-file.tell() % _ALIGNED)
        data = array.tobytes()
        checksum = zlib.crc32(data, zlib.crc32(gap, checksum))
        file.write(gap)
        file.write(data)
    file.seek(numbers)
    file.write(len(head).to_bytes(8, "little") + checksum.to_bytes(8, "little"))
    file.flush()


def load(path: str | PathLike[str]) -> tuple[Snapshot, Segmenter]:
    """Read a snapshot. Raises ValueError when the file is not one of this format."""
    with Path(path).open("rb") as file:
        form = file.read(len(_FORMAT))
        if form != _FORMAT:
            other = "saved by another version" if form.startswith(_FAMILY) else "not a saved answer index"
            raise ValueError(f"{other}: {path}")
        head_length, expected = (int.from_bytes(file.read(8), "little") for _ in range(2))
        start = file.tell()
        checksum = 0
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
        if checksum != expected:
            raise ValueError(f"not a saved answer index: {path} is damaged")
        file.seek(start)
        head = json.loads(file.read(head_length))
        arrays = iter(_mapped(file, start + head_length, head["arrays"]))
    own = {name: next(arrays) for name in _ARRAYS}
    entries, phrasings = (
        tuple(
            Postings(base=base, bounds=tuple(bounds), **{name: next(arrays) for name in _POSTING_ARRAYS})
            for base, bounds in head["parts"][kind]
        )
        for kind in ("entries", "phrasings")
    )
    snapshot = Snapshot(
        ids=tuple(head["ids"]),
        row_of={key: row for row, key in enumerate(head["ids"]) if key is not None},
        phrasings=tuple(Phrasing(row, text, tuple(taught)) for row, text, taught in head["phrasings"]),
        entry_postings=entries,
        phrasing_postings=phrasings,
        average_length=head["average_length"],
        solved_units=head["solved_units"],
        **own,
        **unit_arrays(own["phrasing_rows"]),
    )
    words = OfficeWords(
        synonyms=tuple(map(tuple, head["synonyms"])),
        protected=tuple(head["protected"]),
        stop_phrases=tuple(head["stop_phrases"]),
    )
    return snapshot, Segmenter(head["own_words"], words)


def _mapped(file: BinaryIO, start: int, shapes: list[tuple[str, list[int]]]) -> list[npt.NDArray[Any]]:
    """The arrays that begin after `start`, read only when used."""
    size = os.fstat(file.fileno()).st_size
    whole = np.memmap(file, np.uint8, "r", shape=(size,)).view(np.ndarray)
    arrays: list[npt.NDArray[Any]] = []
    for kind, shape in shapes:
        start += -start % _ALIGNED
        end = start + int(np.prod(shape)) * np.dtype(kind).itemsize
        arrays.append(whole[start:end].view(kind).reshape(shape))
        start = end
    return arrays

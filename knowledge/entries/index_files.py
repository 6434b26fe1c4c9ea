"""The built answer index kept in a file between starts: reading one takes a hundredth of building it.

A file is named after a fingerprint of the entries, of the office's words, of what was learned beside them and
of the code that reads Thai, so it is right or unused.
"""

import hashlib
import json
from collections.abc import Collection, Set
from dataclasses import astuple
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import structlog

import knowledge.search
import knowledge.thai
from knowledge.search import FaqDocument, FaqIndex, OfficeWords

SUFFIX = ".faqindex"
_FORSAKEN_SECONDS = 60 * 60  # nobody writes a file for so long
_READERS = (".py", ".toml", ".json")  # code, shipped words and learned numbers: all of them shape an index

Taught: TypeAlias = tuple[str, str | None]
"""A learned wording and the entry's id in the index, as `FaqIndex.learn` takes them."""

log = structlog.get_logger()


def load_or_build(
    folder: Path | None, documents: Collection[FaqDocument], words: OfficeWords, taught: Set[Taught]
) -> FaqIndex:
    """The index that knows exactly this, read with these words: from its file, else built and kept there."""
    if folder is not None:
        try:
            return FaqIndex.load(_path(folder, documents, words, taught))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.warning("faq.index_file_unreadable", error=type(error).__name__)
    index = FaqIndex.build(documents, words=words)
    index.learn(in_order(taught))
    save(folder, index, documents, words, taught)
    return index


def save(
    folder: Path | None,
    index: FaqIndex,
    documents: Collection[FaqDocument],
    words: OfficeWords,
    taught: Set[Taught],
) -> None:
    """Keeps the index that knows this and forgets older files. Without a folder, or room, nothing is kept."""
    if folder is None:
        return
    path = _path(folder, documents, words, taught)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index.save(path)
        for other in folder.glob(f"*{SUFFIX}"):
            if other != path:
                other.unlink(missing_ok=True)
        for half in folder.glob(f".*{SUFFIX}.*"):  # of a process that was killed while it wrote
            if path.stat().st_mtime - half.stat().st_mtime > _FORSAKEN_SECONDS:
                half.unlink(missing_ok=True)
    except OSError as error:  # the disk is full or not ours: the next start builds again
        log.warning("faq.index_file_not_saved", error=type(error).__name__)


def in_order(taught: Set[Taught]) -> list[Taught]:
    """Always the same order, so that every process learns the same from the same."""
    return sorted(taught, key=lambda lesson: (lesson[1] or "", lesson[0]))


def _path(folder: Path, documents: Collection[FaqDocument], words: OfficeWords, taught: Set[Taught]) -> Path:
    digest = hashlib.sha256(_code_fingerprint())
    digest.update(json.dumps(astuple(words)).encode())
    for document in sorted(documents, key=lambda document: document.id):
        fields = (document.id, document.question, document.variants, document.answer, document.keywords)
        digest.update(json.dumps(fields).encode())
    digest.update(json.dumps(in_order(taught)).encode())
    return folder / f"{digest.hexdigest()[:32]}{SUFFIX}"


@cache
def _code_fingerprint() -> bytes:
    digest = hashlib.sha256(f"pythainlp {version('pythainlp')}".encode())
    for package in (knowledge.search, knowledge.thai):
        for folder in package.__path__:
            for source in sorted(Path(folder).iterdir()):
                if source.suffix in _READERS:
                    digest.update(source.read_bytes())
    return digest.digest()

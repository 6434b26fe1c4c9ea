"""The built answer index kept in a file between starts: reading one takes a hundredth of building it.

A file is named after a fingerprint of the entries and of the code that reads Thai, so it is right or unused.
"""

import hashlib
import json
from collections.abc import Collection
from functools import cache
from importlib.metadata import version
from pathlib import Path

import structlog

import knowledge.search
import knowledge.thai
from knowledge.search import FaqDocument, FaqIndex

SUFFIX = ".faqindex"

log = structlog.get_logger()


def load_or_build(folder: Path | None, documents: Collection[FaqDocument]) -> FaqIndex:
    """The index of exactly these entries: from its file when there is one, else built and kept there."""
    if folder is not None:
        try:
            return FaqIndex.load(_path(folder, documents))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.warning("faq.index_file_unreadable", error=type(error).__name__)
    index = FaqIndex.build(documents)
    save(folder, index, documents)
    return index


def save(folder: Path | None, index: FaqIndex, documents: Collection[FaqDocument]) -> None:
    """Keeps the index of these entries and forgets older files. Without a folder, or room, nothing is kept."""
    if folder is None:
        return
    path = _path(folder, documents)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index.save(path)
        for other in folder.glob(f"*{SUFFIX}"):
            if other != path:
                other.unlink(missing_ok=True)
    except OSError as error:  # the disk is full or not ours: the next start builds again
        log.warning("faq.index_file_not_saved", error=type(error).__name__)


def _path(folder: Path, documents: Collection[FaqDocument]) -> Path:
    digest = hashlib.sha256(_code_fingerprint())
    for document in sorted(documents, key=lambda document: document.id):
        fields = (document.id, document.question, document.variants, document.answer, document.keywords)
        digest.update(json.dumps(fields).encode())
    return folder / f"{digest.hexdigest()[:32]}{SUFFIX}"


@cache
def _code_fingerprint() -> bytes:
    digest = hashlib.sha256(f"pythainlp {version('pythainlp')}".encode())
    for package in (knowledge.search, knowledge.thai):
        for folder in package.__path__:
            for source in sorted(Path(folder).glob("*.py")):
                digest.update(source.read_bytes())
    return digest.digest()

"""What was learned from a file of examples, kept in a folder so that the next start need not learn it again."""

import hashlib
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

from knowledge.classify.model import TextClassifier

_CODE = Path(__file__).parent
_BROKEN = (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile, zlib.error)
"""What reading a file that was cut off or has other bytes in it may raise."""


def learn_or_load(
    name: str, *, folder: Path | None, data: Path, learn: Callable[[], TextClassifier]
) -> TextClassifier:
    """The model `learn` makes from `data`, from its file in `folder` when that is still true, else anew.

    Its file is `name` with a digest of the examples and of the code that reads them; a broken file is made again.
    Without a folder nothing is kept.
    """
    if folder is None:
        return learn()
    sources = (data, *sorted(_CODE.glob("*.py")))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    path = folder / f"{name}-{digest}.npz"
    with suppress(*_BROKEN):
        return TextClassifier.load(path)
    model = learn()
    with suppress(OSError):  # a full disk costs the next start a second
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.glob(f"{name}-*.npz"):
            old.unlink()
        half = path.with_suffix(".part")
        model.save(half)
        half.replace(path)
    return model

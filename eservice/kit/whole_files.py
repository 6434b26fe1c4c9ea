"""Small files that are written whole or not at all."""

import os
import tempfile
from pathlib import Path


def replace_whole(path: Path, content: str) -> None:
    """Puts the file in place of the one before, for its owner only, so that a kill or power cut leaves one of both."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)  # it is there no more when all went well

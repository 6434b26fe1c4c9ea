"""What the product learns when it starts, which takes seconds: learned once for a run of the tests, not by each."""

import os
import shutil
import tempfile
from pathlib import Path

from knowledge.classify import ComplaintClassifier

FOLDER = (
    Path(tempfile.gettempdir())
    / f"phueanban-learned-{os.environ.get('PYTEST_XDIST_TESTRUNUID') or os.getpid()}"
)
"""One for all processes of a run; conftest.py removes it."""

CLASSIFIER = ComplaintClassifier(FOLDER)


def copy_into(data_dir: Path) -> None:
    """What was learned, as a `serve` that has run before keeps it in its DATA_DIR."""
    CLASSIFIER.categories("ไฟดับ"), CLASSIFIER.urgency("ไฟดับ")
    shutil.copytree(FOLDER, data_dir / "index", dirs_exist_ok=True)

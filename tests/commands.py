"""The command line as tests use it: `run("staff", "create", …)` gives the exit code and both outputs."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import structlog

import app
from eservice.kit.settings import Settings


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error of a command that failed."""
        assert self.code == 1, self
        lines = self.err.splitlines()
        assert len(lines) == 1, lines
        return lines[0]


class Run(Protocol):
    """Runs the command line in this process."""

    def __call__(self, *words: str) -> Ran: ...


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without settings but an empty DATA_DIR."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def run(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """The command line; logging is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def call(*words: str) -> Ran:
        capsys.readouterr()
        try:
            code = app.main(list(words))
        except SystemExit as stop:  # argparse
            code = stop.code if isinstance(stop.code, int) else 1
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    yield call
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()

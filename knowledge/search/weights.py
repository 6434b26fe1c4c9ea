"""The learned numbers. `benchmarks/learn_answer_weights.py` writes them; nobody edits them by hand."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import CHANNELS
from knowledge.search.letters import READINGS
from knowledge.search.trees import Trees

VIEWS = ("entry", "phrasing", "phrasing_cosine", "wording", "chunk")
VIEW_NAMES = (
    *(f"{view}_{channel}" for view in VIEWS[:3] for channel in CHANNELS),
    "same_words",
    *(f"{view}_{channel}" for view in VIEWS[3:] for channel in CHANNELS),
    "head",
    *READINGS,
)
FUSION_NAMES = (*VIEW_NAMES, *(f"{name}_ratio" for name in VIEW_NAMES), "repeat")
CONFIDENCE_NAMES = (
    "margin",
    "relative_margin",
    "entry_margin",
    "wording_margin",
    "cosine_margin",
    *(f"{view}_{channel}" for view in ("entry", "cosine", "wording", "known") for channel in CHANNELS),
    "agreement",
    "covered_length",
    *READINGS,
    "letters_margin",
    "repeat",
    "same_words",
    "words",
    "word_mass",
)
UNBOUND_NAMES = ("agreement", "words", "word_mass")
"""What may speak for or against; all other confidence features, being better, never lower the confidence."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Shapes: fusion and fusion_phrased (fusion features), head_channels (channels)."""

    fusion: npt.NDArray[np.float64]
    fusion_phrased: npt.NDArray[np.float64]
    """What is added to `fusion`, times the share of trust that the number of phrasings deserves."""
    head_channels: npt.NDArray[np.float64]
    confidence: Trees
    """Log odds that the first candidate is right, from the features of `CONFIDENCE_NAMES`."""
    answer_threshold: float
    clarify_threshold: float


_FILE = Path(__file__).parent / "weights.json"


def fingerprint() -> str:
    """What tells these numbers from those of another release, however the file is laid out."""
    table = json.loads(_FILE.read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


def _load() -> Weights:
    table = json.loads(_FILE.read_text(encoding="utf-8"))
    return Weights(
        fusion=np.array([table["fusion"][name] for name in FUSION_NAMES]),
        fusion_phrased=np.array([table["fusion_phrased"][name] for name in FUSION_NAMES]),
        head_channels=np.array([table["head_channels"][name] for name in CHANNELS]),
        confidence=Trees.of(table["confidence_base"], table["confidence_trees"]),
        answer_threshold=table["answer_threshold"],
        clarify_threshold=table["clarify_threshold"],
    )


WEIGHTS = _load()
FINGERPRINT = fingerprint()

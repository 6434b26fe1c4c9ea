"""The learned numbers. `benchmarks/learn_answer_weights.py` writes them; nobody edits them by hand."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import CHANNELS
from knowledge.search.letters import READINGS

VIEWS = ("entry", "phrasing", "phrasing_cosine", "wording", "chunk")
VIEW_NAMES = (*(f"{view}_{channel}" for view in VIEWS for channel in CHANNELS), "head", *READINGS)
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
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Shapes: fusion and fusion_phrased (fusion features), head_channels (channels), confidence (confidence features)."""

    fusion: npt.NDArray[np.float64]
    fusion_phrased: npt.NDArray[np.float64]
    """What is added to `fusion`, times the share of trust that the number of phrasings deserves."""
    head_channels: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    confidence_bias: float
    answer_threshold: float
    clarify_threshold: float


def _load() -> Weights:
    table = json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8"))
    return Weights(
        fusion=np.array([table["fusion"][name] for name in FUSION_NAMES]),
        fusion_phrased=np.array([table["fusion_phrased"][name] for name in FUSION_NAMES]),
        head_channels=np.array([table["head_channels"][name] for name in CHANNELS]),
        confidence=np.array([table["confidence"][name] for name in CONFIDENCE_NAMES]),
        confidence_bias=table["confidence_bias"],
        answer_threshold=table["answer_threshold"],
        clarify_threshold=table["clarify_threshold"],
    )


WEIGHTS = _load()

"""How alike two wordings are letter by letter, whatever slips stand between them (rapidfuzz).

N-grams see which short pieces two texts share; this sees their order over the whole length.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from knowledge.thai import normalise, skeleton

READINGS = ("letters", "skeleton_letters")


def letter_likeness(text: str, wordings: Sequence[str]) -> npt.NDArray[np.float64]:
    """0 to 1, as spelt and by consonant skeleton; shape (readings, wordings)."""
    readings = [_readings(wording) for wording in wordings]
    own = _readings(text)
    return np.array(
        [
            process.cdist([own[place]], [reading[place] for reading in readings], scorer=fuzz.ratio)[0] / 100
            for place in range(len(READINGS))
        ],
        dtype=np.float64,
    )


@lru_cache(maxsize=32_768)
def _readings(text: str) -> tuple[str, str]:
    plain = normalise(text).replace(" ", "")
    return plain, skeleton(plain)

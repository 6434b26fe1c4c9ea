"""What is sure enough: how evidence becomes a probability here, and from where on the bot answers or asks back."""

import math
from dataclasses import dataclass

from knowledge.search.document import DecisionKind
from knowledge.search.weights import WEIGHTS

_MOST_EVIDENCE = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An office's own; the default is what was learned before shipping.

    The shipped evidence (log odds that the first candidate is right) is stretched by `slope`, which is
    positive, and moved by `shift`.
    """

    slope: float = 1.0
    shift: float = 0.0
    answer_threshold: float = WEIGHTS.answer_threshold
    clarify_threshold: float = WEIGHTS.clarify_threshold

    def probability(self, evidence: float) -> float:
        """The probability that this evidence stands for."""
        odds = self.slope * evidence + self.shift
        return 1 / (1 + math.exp(-min(max(odds, -_MOST_EVIDENCE), _MOST_EVIDENCE)))

    def kind_of(self, probability: float) -> DecisionKind:
        """The reply that this confidence allows."""
        if probability >= self.answer_threshold:
            return "answer"
        return "clarify" if probability >= self.clarify_threshold else "unknown"

"""The answer engine: finds the entry that answers a question typed in Thai, or says that none does.

Pure: no database, no network, nothing started on import.
"""

from knowledge.search.calibration import Calibration
from knowledge.search.decision import Decision
from knowledge.search.document import DecisionKind, Explanation, FaqDocument, Hit
from knowledge.search.index import FaqIndex
from knowledge.thai import OfficeWords

__all__ = [
    "Calibration",
    "Decision",
    "DecisionKind",
    "Explanation",
    "FaqDocument",
    "FaqIndex",
    "Hit",
    "OfficeWords",
]

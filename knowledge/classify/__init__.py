"""Labels for Thai texts: complaint categories, departments, intents. Pure: no database, no network."""

from knowledge.classify.complaints import ComplaintClassifier, LabelledComplaint, Urgency, UrgencyEstimate
from knowledge.classify.intents import Intent, IntentLabel, classify_intent, load_intents
from knowledge.classify.model import Prediction, TextClassifier

__all__ = [
    "ComplaintClassifier",
    "Intent",
    "IntentLabel",
    "LabelledComplaint",
    "Prediction",
    "TextClassifier",
    "Urgency",
    "UrgencyEstimate",
    "classify_intent",
    "load_intents",
]

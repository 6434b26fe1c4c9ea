"""Labels for Thai texts: complaint categories, departments, intents. Pure: no database, no network."""

from knowledge.classify.intents import Intent, IntentLabel, classify_intent, load_intents
from knowledge.classify.model import Prediction, TextClassifier

__all__ = ["Intent", "IntentLabel", "Prediction", "TextClassifier", "classify_intent", "load_intents"]

"""Labels for Thai texts: complaint categories, departments, intents. Pure: no database, no network."""

from knowledge.classify.model import Prediction, TextClassifier

__all__ = ["Prediction", "TextClassifier"]

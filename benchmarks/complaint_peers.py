"""Common ways to sort texts, on the texts of `complaints.py`. Needs scikit-learn, which the project does not.

Run from the repository root: python benchmarks/complaint_peers.py
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pythainlp.tokenize import word_tokenize
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.complaints import (
    ASKED,
    LEARNED,
    Labelled,
    Model,
    ask,
    category_examples,
    cross_validate,
    mistyped,
    print_figures,
)
from benchmarks.thai_questions import public_trial
from knowledge.classify import Prediction, TextClassifier


class Peer:
    """A scikit-learn pipeline, asked as `TextClassifier` is. A distance of 0 or more counts as likely."""

    def __init__(self, features: object, machine: object, examples: Sequence[Labelled]) -> None:
        """Learn."""
        self._names = MultiLabelBinarizer()
        truths = self._names.fit_transform([sorted(labels) for _, labels in examples])
        self._pipeline = make_pipeline(features, OneVsRestClassifier(machine))
        self._pipeline.fit([text for text, _ in examples], truths)
        self.labels: tuple[str, ...] = tuple(self._names.classes_)

    def predict(self, text: str, *, limit: int = 3) -> list[Prediction]:
        """The best labels; a distance is shifted so that 0.5 is the border, as with probabilities."""
        if hasattr(self._pipeline[-1].estimators_[0], "predict_proba"):
            values = self._pipeline.predict_proba([text])[0]
        else:
            values = self._pipeline.decision_function([text])[0] + 0.5
        best = sorted(zip(self.labels, map(float, values), strict=True), key=lambda pair: -pair[1])
        return [Prediction(*pair) for pair in best[:limit]]


def _words() -> TfidfVectorizer:
    return TfidfVectorizer(tokenizer=word_tokenize, token_pattern=None, lowercase=False)


def _letters() -> TfidfVectorizer:
    return TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True)


FITS: dict[str, Callable[[Sequence[Labelled]], Model]] = {
    "words, SVM": lambda examples: Peer(_words(), LinearSVC(), examples),
    "words, logistic": lambda examples: Peer(_words(), LogisticRegression(max_iter=300), examples),
    "words, balanced logistic": lambda examples: Peer(
        _words(), LogisticRegression(C=10, class_weight="balanced", max_iter=300), examples
    ),
    "words, complement Bayes": lambda examples: Peer(_words(), ComplementNB(), examples),
    "letters, SVM": lambda examples: Peer(_letters(), LinearSVC(), examples),
    "words and letters, SVM": lambda examples: Peer(make_union(_words(), _letters()), LinearSVC(), examples),
    "ours": TextClassifier.fit,
}


def main() -> None:
    """Print a line for each, clean and mistyped."""
    trial = public_trial("truevoice_intent", answerable=slice(0, LEARNED + ASKED), unanswerable=slice(0))
    public = [(question.text, question.gold) for question in trial.questions] if trial else []
    for name, fit in FITS.items():
        for slips in (False, True):
            typed = "mistyped" if slips else "clean"
            print_figures(f"{name}, {typed}", cross_validate(category_examples(), slips=slips, fit=fit))
            if public:
                asked = mistyped(public[LEARNED:]) if slips else public[LEARNED:]
                print_figures("  public utterances", ask(fit(public[:LEARNED]), asked))


if __name__ == "__main__":
    main()

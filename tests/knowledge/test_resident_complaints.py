"""Held-out messages of residents: what they are about is found, and who cries for help is answered first."""

from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from knowledge.classify import ComplaintClassifier
from knowledge.classify.complaints import DEFAULT_DEPARTMENTS, read_complaints
from knowledge.emergency import find_emergency
from knowledge.thai import normalise

_DATA = Path(__file__).parent / "data" / "resident_complaints.txt"
_EMERGENCY = "EMERGENCY"

FIRST_RIGHT = 0.88  # share of the messages whose first category is right
AMONG_THREE = 0.97


def held_out() -> tuple[list[tuple[str, frozenset[str]]], list[str]]:
    """The complaints with the categories that are right, and the emergencies."""
    complaints, emergencies = list[tuple[str, frozenset[str]]](), list[str]()
    right = frozenset[str]()
    for line in _DATA.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("["):
            right = frozenset(text[1:-1].split(" + "))
        elif text and not text.startswith("#"):
            if right == {_EMERGENCY}:
                emergencies.append(text)
            else:
                assert right <= set(DEFAULT_DEPARTMENTS)
                complaints.append((text, right))
    return complaints, emergencies


COMPLAINTS, EMERGENCIES = held_out()


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> ComplaintClassifier:
    return ComplaintClassifier(tmp_path_factory.mktemp("index"))


def test_most_are_about_the_first_category_and_nearly_all_about_one_of_three(
    classifier: ComplaintClassifier,
) -> None:
    first = among = 0
    missed: list[str] = []
    for text, right in COMPLAINTS:
        offered = [prediction.label for prediction in classifier.categories(text)]
        first += offered[0] in right
        among += not right.isdisjoint(offered)
        if offered[0] not in right:
            missed.append(f"{text} → {offered}")
    shares = first / len(COMPLAINTS), among / len(COMPLAINTS)
    assert shares[0] >= FIRST_RIGHT and shares[1] >= AMONG_THREE, "\n".join([str(shares), *missed])


@pytest.mark.parametrize("text", EMERGENCIES)
def test_who_cries_for_help_is_answered_first(text: str) -> None:
    assert find_emergency(text) is not None


def test_few_other_complaints_are_taken_for_emergencies() -> None:
    alarms = [text for text, _right in COMPLAINTS if find_emergency(text) is not None]
    assert len(alarms) <= 2, alarms  # who cannot breathe; cars that turned over


def test_they_are_held_out_and_enough() -> None:
    assert len(COMPLAINTS) + len(EMERGENCIES) >= 80
    texts = [normalise(text).replace(" ", "") for text, _right in COMPLAINTS]
    taught = [normalise(complaint.text).replace(" ", "") for complaint in read_complaints()]
    alike = process.cdist(texts, taught, scorer=fuzz.ratio, score_cutoff=80)
    assert alike.max() == 0, [texts[i] for i, _ in zip(*alike.nonzero(), strict=True)]

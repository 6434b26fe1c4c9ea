"""The answer engine: build it from entries, ask it, teach it, change it, keep it in a file."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike

from knowledge.search import storage
from knowledge.search.analysis import (
    AnalysedText,
    Question,
    analyse_phrasing,
    layout_reading,
    read_question,
)
from knowledge.search.calibration import Calibration
from knowledge.search.compaction import compact, needs_compaction, without_learned
from knowledge.search.decision import Decision, choices, confidence, evidence
from knowledge.search.document import FaqDocument, Hit
from knowledge.search.explaining import explain, hits_of
from knowledge.search.following import follow
from knowledge.search.learning import learn_phrasings, solve
from knowledge.search.memory import return_memory
from knowledge.search.scoring import known_share, score
from knowledge.search.snapshot import (
    NOBODY,
    Phrasing,
    Snapshot,
    add_documents,
    empty_snapshot,
    refresh_norms,
    remove_document,
)
from knowledge.search.taught import TAUGHT_CONFIDENCE, TAUGHT_ODDS, taught_first
from knowledge.thai import OfficeWords, Segmenter

_LAYOUT_GAIN = 0.15
_LARGE = 1_000
"""Entries from which on a build leaves memory behind that is worth giving back."""


@dataclass(frozen=True, slots=True)
class _State:
    """What a reader takes hold of once and uses throughout."""

    snapshot: Snapshot
    segmenter: Segmenter
    calibration: Calibration


class FaqIndex:
    """Ranks entries for a question and decides whether to answer.

    Any thread may read at any time; writers take turns and replace the whole state at once.
    """

    def __init__(self, snapshot: Snapshot, segmenter: Segmenter) -> None:
        self._state = _State(snapshot, segmenter, Calibration())
        self._writing = threading.Lock()

    @classmethod
    def build(cls, documents: Iterable[FaqDocument], *, words: OfficeWords | None = None) -> "FaqIndex":
        """Index entries; of several with one id the last counts. `words` are those of the office."""
        latest = {document.id: document for document in documents}
        texts = [_length(document) for document in latest.values()]
        keywords = [keyword for document in latest.values() for keyword in document.keywords]
        segmenter = Segmenter(office=words).with_words(keywords)
        snapshot = empty_snapshot(sum(texts) / max(len(texts), 1))
        snapshot = refresh_norms(add_documents(snapshot, list(latest.values()), segmenter))
        index = cls(solve(snapshot), segmenter)
        if len(latest) >= _LARGE:
            return_memory()
        return index

    def __len__(self) -> int:
        return len(self._state.snapshot.row_of)

    def __contains__(self, document_id: str) -> bool:
        return document_id in self._state.snapshot.row_of

    @property
    def snapshot(self) -> Snapshot:
        """The present state, for measuring and learning; it never changes."""
        return self._state.snapshot

    @property
    def calibration(self) -> Calibration:
        """What is sure enough here."""
        return self._state.calibration

    def calibrate(self, calibration: Calibration) -> None:
        """Decide by this from now on. It is no part of the saved file."""
        with self._writing:
            self._state = replace(self._state, calibration=calibration)

    def read(self, text: str) -> Question:
        """A question as the engine reads it."""
        return _read(self._state, text)

    def search(self, text: str, limit: int = 10) -> list[Hit]:
        """The best entries for a question, best first; at most 48."""
        state = self._state
        question = _read(state, text)
        scores, _ = taught_first(
            state.snapshot, question, score(state.snapshot, question.analysed, question.text)
        )
        return hits_of(state.snapshot, scores, slice(0, limit))

    def decide(self, text: str, previous: str | None = None) -> Decision:
        """Answer, offer a choice, or say that nothing fits.

        `previous` is the id of the entry answered just before: a short question that is weak alone is
        then read as being about the same subject.
        """
        state = self._state
        question = _read(state, text)
        scores, taught = taught_first(
            state.snapshot, question, score(state.snapshot, question.analysed, question.text)
        )
        probability = TAUGHT_CONFIDENCE if taught else confidence(question, scores, state.calibration)
        followed = None
        if previous is not None and not taught:
            followed = follow(
                state.snapshot, state.segmenter, state.calibration, question, scores, probability, previous
            )
        if followed is not None:
            scores, probability = followed
        kind = state.calibration.kind_of(probability)
        shown = {"answer": slice(0, 1), "clarify": choices(scores), "unknown": slice(0, 0)}[kind]

        hits = tuple(hits_of(state.snapshot, scores, shown))
        why = partial(
            explain,
            state.snapshot,
            state.segmenter,
            state.calibration,
            question,
            scores,
            used_previous=followed is not None,
        )
        return Decision(kind, probability, hits, why, followed is not None)

    def weigh(self, text: str) -> tuple[float, list[Hit]]:
        """What any calibration decides from: the evidence for the first entry, and the choices asking back offers.

        The evidence is -inf where no calibration could make an answer of it.
        """
        state = self._state
        question = _read(state, text)
        scores, taught = taught_first(
            state.snapshot, question, score(state.snapshot, question.analysed, question.text)
        )
        odds = TAUGHT_ODDS if taught else evidence(question, scores)
        return odds, hits_of(state.snapshot, scores, choices(scores))

    def learn(self, confirmed: Iterable[tuple[str, str | None]]) -> None:
        """Take confirmed questions as phrasings of their entries; None says that no entry answers it.

        Ids that are not in the index, and questions already known, are passed over.
        """
        with self._writing:
            state = self._state
            self._state = replace(state, snapshot=_taught(state, confirmed))

    def forget(self, lessons: Iterable[tuple[str, str | None]]) -> None:
        """Un-learn what `learn` was given, word for word, as if it had never been said.

        What was never learned, another lesson that reads alike and the entry's own wordings stay. The other
        lessons are learned anew, in the order in which they came: it costs what learning them costs.
        """
        gone = set(lessons)
        with self._writing:
            state = self._state
            known = _lessons(state.snapshot)
            kept = [lesson for lesson in known if lesson not in gone]
            if len(kept) < len(known):
                self._state = _renewed(state, (), (), kept)

    def renew(
        self,
        changed: Iterable[FaqDocument],
        gone: Iterable[str],
        lessons: Iterable[tuple[str, str | None]],
    ) -> None:
        """Add or replace some entries, take others out, and know these lessons and no others; in one step.

        All lessons are read with the words that are known then, whenever they were learned first.
        """
        with self._writing:
            self._state = _renewed(self._state, changed, gone, list(lessons))

    def copy(self) -> "FaqIndex":
        """Another index that knows the same; what is done to one does not change the other."""
        state = self._state
        twin = FaqIndex(state.snapshot, state.segmenter)
        twin.calibrate(state.calibration)
        return twin

    def upsert(self, document: FaqDocument) -> None:
        """Add an entry or replace the one with its id; what was learned for it stays."""
        with self._writing:
            self._state = _with_document(self._state, document)

    def remove(self, document_id: str) -> None:
        """Take an entry out, with what was learned for it; an unknown id changes nothing."""
        with self._writing:
            self._state = _without_document(self._state, document_id)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything, learned phrasings included, to one file, replacing it in one step."""
        state = self._state
        storage.save(path, state.snapshot, state.segmenter)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "FaqIndex":
        """Read what `save` wrote. Raises ValueError when the file is of another format."""
        return cls(*storage.load(path))


def _length(document: FaqDocument) -> int:
    texts = (document.question, *document.variants, *document.keywords, document.answer)
    return sum(map(len, texts))


def _read(state: _State, text: str) -> Question:
    """The question as typed, or as meant when the keyboard was in the wrong language."""
    question = read_question(text, state.segmenter)
    other = layout_reading(text, state.segmenter)
    if other is None:
        return question
    gain = known_share(state.snapshot, other.analysed) - known_share(state.snapshot, question.analysed)
    return other if gain > _LAYOUT_GAIN else question


def _with_document(state: _State, document: FaqDocument) -> _State:
    segmenter = state.segmenter.with_words(document.keywords)
    learned = _learned_phrasings(state.snapshot, document.id)
    snapshot = state.snapshot
    if document.id in snapshot.row_of:
        snapshot = remove_document(snapshot, document.id)
    snapshot = add_documents(snapshot, [document], segmenter)
    row = snapshot.row_of[document.id]
    snapshot = learn_phrasings(
        snapshot, [(replace(own, row=row), analyse_phrasing(own.text, segmenter)) for own in learned]
    )
    return _State(_tidied(snapshot), segmenter, state.calibration)


def _without_document(state: _State, document_id: str) -> _State:
    if document_id not in state.snapshot.row_of:
        return state
    return replace(state, snapshot=_tidied(remove_document(state.snapshot, document_id)))


def _renewed(
    state: _State,
    changed: Iterable[FaqDocument],
    gone: Iterable[str],
    lessons: Sequence[tuple[str, str | None]],
) -> _State:
    """What was learned is taken off, the entries beneath it are changed, and it is learned again."""
    untaught = replace(state, snapshot=without_learned(state.snapshot))
    head_knows_more = untaught.snapshot.solved_units < state.snapshot.solved_units
    for document_id in gone:
        untaught = _without_document(untaught, document_id)
    for document in changed:
        untaught = _with_document(untaught, document)
    snapshot = _taught(untaught, lessons)
    # So many lessons have the head solved anew anyway: then what it knew before is of no account.
    if head_knows_more and snapshot.solved_units <= untaught.snapshot.solved_units:
        snapshot = _taught(replace(untaught, snapshot=solve(untaught.snapshot)), lessons)
    return replace(untaught, snapshot=snapshot)


def _taught(state: _State, lessons: Iterable[tuple[str, str | None]]) -> Snapshot:
    """The snapshot with what `FaqIndex.learn` takes of these."""
    snapshot = state.snapshot
    known: dict[tuple[int, str], int] = {}
    also: dict[int, list[str]] = {}
    added: list[tuple[Phrasing, AnalysedText]] = []
    for text, document_id in lessons:
        row = NOBODY if document_id is None else snapshot.row_of.get(document_id)
        question = _read(state, text)
        if row is None or len(question.analysed.keys) == 0:
            continue
        known |= {(row, snapshot.phrasings[unit].text): unit for unit in snapshot.units_of(row)}
        unit = known.setdefault((row, question.text), snapshot.units + len(added))
        if unit == snapshot.units + len(added):
            added.append((Phrasing(row, question.text, (text,)), question.analysed))
        else:
            also.setdefault(unit, []).append(text)
    return _also_taught(learn_phrasings(snapshot, added), also)


def _also_taught(snapshot: Snapshot, also: Mapping[int, Sequence[str]]) -> Snapshot:
    """The snapshot in which learned phrasings, by unit, were taught in these words too."""
    if not also:
        return snapshot
    phrasings = list(snapshot.phrasings)
    for unit, texts in also.items():
        own = phrasings[unit]
        if own.learned:
            phrasings[unit] = replace(own, taught=tuple(dict.fromkeys((*own.taught, *texts))))
    return replace(snapshot, phrasings=tuple(phrasings))


def _lessons(snapshot: Snapshot) -> list[tuple[str, str | None]]:
    """What was learned and holds, as it was given, in the order of coming."""
    return [
        (text, snapshot.ids[phrasing.row])
        for phrasing in snapshot.phrasings
        if snapshot.alive[phrasing.row] or phrasing.row == NOBODY
        for text in phrasing.taught
    ]


def _learned_phrasings(snapshot: Snapshot, document_id: str) -> list[Phrasing]:
    if document_id not in snapshot.row_of:
        return []
    phrasings = [snapshot.phrasings[unit] for unit in snapshot.units_of(snapshot.row_of[document_id])]
    return [phrasing for phrasing in phrasings if phrasing.learned]


def _tidied(snapshot: Snapshot) -> Snapshot:
    return compact(snapshot) if needs_compaction(snapshot) else snapshot

"""The FAQ as residents see it now: what is live, inside its window, ready to answer, in this process.

One `LiveFaq` serves the chat, the portal and the API of a process. It follows the change feed, so an edit
made anywhere is here within a second.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

import structlog
from sqlalchemy import func, select

from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import calibrations, index_files, phrasings
from knowledge.entries.content import category_rank
from knowledge.entries.index_files import Taught
from knowledge.entries.live_entries import EntryFace, LiveEntry, read_live, with_counts
from knowledge.entries.models import (
    NO_ENTRY,
    OFFICE_WORDS,
    AskDecision,
    EntryChange,
)
from knowledge.entries.office_facts import office_facts
from knowledge.entries.phrasings import Lesson
from knowledge.entries.service import TOPIC
from knowledge.entries.words import office_words
from knowledge.search import Calibration, Explanation, FaqDocument, FaqIndex, Hit, OfficeWords
from knowledge.search.analysis import Question
from knowledge.thai import normalise

POLL_SECONDS = 1.0
REMEMBERED = 1024  # decisions kept for questions in the very same words
WEIGHED = 8192  # test questions and confirmations of which the evidence is kept
REMEMBERED_LENGTH = 500  # characters of such a question
COUNTS_EVERY = timedelta(seconds=10)  # how old a shown count of askings may be
REBUILD_ABOVE = 30  # changed entries; a rebuild of two hundred costs as much as about thirty changes

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class LiveDecision:
    """What to do with a question. `hits` are (entry id, score): the answer, or the choices, or none.

    `confidence` is the probability, 0 to 1, that the best entry answers the question.
    """

    kind: AskDecision
    confidence: float
    hits: tuple[tuple[int, float], ...]
    explain: Callable[[], Explanation]
    used_previous: bool = False  # whether the entry answered just before was needed to understand it

    @cached_property
    def why(self) -> Explanation:
        """The reasons, for a clerk at the test bench; its hits name entries by id as text."""
        return self.explain()


@dataclass(frozen=True)
class _View:
    """The open entries at one moment. Readers take hold of it once; a refresh replaces it as a whole."""

    faces: dict[int, EntryFace]
    by_category: tuple[EntryFace, ...]
    by_askings: tuple[EntryFace, ...]

    @classmethod
    def of(cls, faces: Iterable[EntryFace]) -> "_View":
        ordered = sorted(faces, key=lambda face: (category_rank(face.category), face.id))
        return cls(
            faces={face.id: face for face in ordered},
            by_category=tuple(ordered),
            by_askings=tuple(sorted(ordered, key=lambda face: -face.asked_count)),
        )


class LiveFaq:
    """The live view; any thread may ask at any time.

    Answers come from the entries open at the last refresh; `keep_fresh` makes one at least every second
    and at the edge of every window. `index_folder` keeps the built index between starts; None builds anew.
    """

    def __init__(self, database: Database, index_folder: Path | None = None) -> None:
        self._database = database
        self._index_folder = index_folder
        self._refreshing = threading.Lock()
        self._live: dict[int, LiveEntry] = {}
        self._facts: dict[str, str] = {}
        self._lessons: set[Lesson] = set()
        self._words = OfficeWords()
        self._indexed: dict[str, FaqDocument] = {}
        self._taught: set[Taught] = set()
        self._indexed_words = self._words
        self._last_change = 0
        self._counted_at: datetime | None = None
        self._next_edge: datetime | None = None
        self._view = _View.of(())
        self._index: FaqIndex | None = None
        self._calibration = Calibration()
        self._remembered = lru_cache(REMEMBERED)(self._decide)
        self._weighed = lru_cache(WEIGHED)(self._weigh)

    def refresh(self) -> bool:
        """Takes over what changed since the last time; the first call loads everything.

        Returns whether residents now see anything else than before.
        """
        with self._refreshing:
            with self._database.read() as reader:
                self._read_changes(reader)
                self._calibration = calibrations.in_force(reader)
                self._facts = office_facts(reader)
                now = reader.now
            return self._show(now)

    async def keep_fresh(
        self, signals: Signals, stop: asyncio.Event, every_seconds: float = POLL_SECONDS
    ) -> None:
        """Refreshes every second, at every signal and at the edge of every window, until `stop`."""
        with signals.waiting(TOPIC) as waiter:
            while not stop.is_set():
                try:
                    await asyncio.to_thread(self.refresh)
                except Exception as error:  # the database may be away: what we know still answers
                    log.warning("faq.refresh_failed", error=type(error).__name__)
                await waiter.wait(min(every_seconds, self._seconds_to_edge()))

    def decide(self, text: str, previous: int | None = None) -> LiveDecision:
        """Answer, offer a choice, or say that nothing fits; `previous` is the entry answered just before.

        What many people ask in the same words is decided once, until something changes.
        """
        if len(text) > REMEMBERED_LENGTH:  # a letter: nobody sends it twice, and a thousand fill the memory
            return self._decide(text, previous)
        return self._remembered(text, previous)

    def decide_once_taught(self, lessons: Sequence[Lesson]) -> list[LiveDecision]:
        """What `decide` would say to each of these texts if it were learned; nothing is learned.

        They are tried together, which is cheap, but the same text for two entries in two trials.
        """
        texts = [text for text, _ in lessons]
        rounds = [texts[:place].count(text) for place, text in enumerate(texts)]
        trials = [self._ready_index().copy() for _ in range(max(rounds, default=-1) + 1)]
        for number, trial in enumerate(trials):
            trial.learn(
                _as_taught(lesson) for lesson, part in zip(lessons, rounds, strict=True) if part == number
            )
        return [self._decision(trials[part], text, None) for text, part in zip(texts, rounds, strict=True)]

    def _decide(self, text: str, previous: int | None) -> LiveDecision:
        return self._decision(self._ready_index(), text, previous)

    def _decision(self, index: FaqIndex, text: str, previous: int | None) -> LiveDecision:
        decision = index.decide(text, str(previous) if previous is not None else None)
        kind = AskDecision(decision.kind)
        hits = self._shown(decision.hits)
        if kind is not AskDecision.UNKNOWN and not hits:  # its window closed this very moment
            kind = AskDecision.UNKNOWN
        return LiveDecision(
            kind=kind,
            confidence=decision.confidence,
            hits=tuple((face.id, score) for face, score in hits),
            explain=lambda: decision.why,
            used_previous=decision.used_previous,
        )

    @property
    def calibration(self) -> Calibration:
        """What is sure enough here and now."""
        return self._ready_index().calibration

    def weigh(self, text: str) -> tuple[float, tuple[str, ...]]:
        """What any calibration decides from: the evidence for the first entry, and the keys asking back offers.

        Remembered for thousands of texts until an entry changes: moving a threshold asks nothing again.
        """
        return self._weighed(text)

    def _weigh(self, text: str) -> tuple[float, tuple[str, ...]]:
        evidence, hits = self._ready_index().weigh(text)
        keys = tuple(face.key for face, _ in self._shown(hits))
        return (evidence if keys else -math.inf), keys

    def search(self, text: str, limit: int = 10) -> list[tuple[EntryFace, float]]:
        """The entries nearest to the text with their scores, best first."""
        return self._shown(self._ready_index().search(text, limit))

    def trial(self, words: OfficeWords, *, without: Set[str] = frozenset()) -> FaqIndex:
        """An index of the open entries read with other words of the office; residents are not answered from it.

        Phrasings in `without`, normalised, are left out of it. Takes about as long as a start without a file.
        """
        calibration = self._ready_index().calibration
        documents = [
            replace(document, variants=tuple(v for v in document.variants if normalise(v) not in without))
            for document in self._indexed.values()
        ]
        index = FaqIndex.build(documents, words=words)
        index.learn(index_files.in_order({lesson for lesson in self._taught if lesson[0] not in without}))
        index.calibrate(calibration)
        return index

    def read(self, text: str) -> Question:
        """The text as the engine reads a question."""
        return self._ready_index().read(text)

    def face(self, entry_id: int) -> EntryFace | None:
        """The entry if residents may see it now."""
        return self._ready_view().faces.get(entry_id)

    def face_by_key(self, key: str) -> EntryFace | None:
        """The entry with this key if residents may see it now."""
        return next((face for face in self._ready_view().by_category if face.key == key), None)

    def faces(self, category: str | None = None) -> Sequence[EntryFace]:
        """All entries that residents may see, or those of a category; by category, then in order of making."""
        return _in_category(self._ready_view().by_category, category)

    def categories(self) -> list[tuple[str, int]]:
        """Categories in their fixed order, with the number of entries in each."""
        counts: dict[str, int] = {}
        for face in self._ready_view().by_category:
            counts[face.category] = counts.get(face.category, 0) + 1
        return list(counts.items())

    def most_asked(self, limit: int, category: str | None = None) -> Sequence[EntryFace]:
        """The entries given most often as the answer, by real counts."""
        return _in_category(self._ready_view().by_askings, category)[:limit]

    def _ready_view(self) -> _View:
        self._ready_index()
        return self._view

    def _ready_index(self) -> FaqIndex:
        if self._index is None:
            self.refresh()
        if self._index is None:
            raise RuntimeError("the first refresh leaves an index")
        return self._index

    def _shown(self, hits: Iterable[Hit]) -> list[tuple[EntryFace, float]]:
        faces = self._view.faces
        return [(face, hit.score) for hit in hits if (face := faces.get(int(hit.id))) is not None]

    def _seconds_to_edge(self) -> float:
        if self._next_edge is None:
            return math.inf
        return max((self._next_edge - self._database.clock.now()).total_seconds(), 0.0)

    def _read_changes(self, reader: ReadOnly) -> None:
        if self._index is None:
            # The feed's end is read first: what is committed in between is then read twice, never missed.
            self._last_change = reader.session.scalar(select(func.max(EntryChange.id))) or 0
            self._words = office_words(reader)
            self._live = read_live(reader, None)
            self._lessons = phrasings.lessons(reader, None)
            self._counted_at = reader.now
            return
        changes = reader.session.execute(
            select(EntryChange.id, EntryChange.entry_id).where(EntryChange.id > self._last_change)
        ).all()
        if changes:
            changed = {entry_id for _, entry_id in changes}
            if OFFICE_WORDS in changed:
                self._words = office_words(reader)
            found = read_live(reader, changed)
            kept = {entry_id: entry for entry_id, entry in self._live.items() if entry_id not in changed}
            self._live = dict(sorted((kept | found).items()))  # as a process that starts now reads them
            others = {lesson for lesson in self._lessons if (lesson[1] or NO_ENTRY) not in changed}
            few = len(changed) <= REBUILD_ABOVE
            self._lessons = others | phrasings.lessons(reader, changed if few else None)
            self._last_change = max(change_id for change_id, _ in changes)
        if self._counted_at is None or reader.now - self._counted_at >= COUNTS_EVERY:
            self._live = with_counts(reader, self._live)
            self._counted_at = reader.now

    def _show(self, now: datetime) -> bool:
        """Puts the entries open at `now` before the readers, and finds the next edge of a window."""
        opened = [entry for entry in self._live.values() if entry.is_open(now)]
        edges = [edge for entry in self._live.values() for edge in (entry.opens, entry.closes)]
        self._next_edge = min((edge for edge in edges if edge is not None and edge > now), default=None)
        view = _View.of(entry.face_with(self._facts) for entry in opened)
        changed = view.faces != self._view.faces
        same_words = {f.id: f.published_at for f in view.faces.values()} == {
            f.id: f.published_at for f in self._view.faces.values()
        }
        # Readers drop hits without a face, so the view goes first: what is closed is gone at once.
        self._view = view
        taught = {_as_taught(one) for one in self._lessons if one[1] is None or one[1] in view.faces}
        asked_anew = not same_words or taught != self._taught or self._words != self._indexed_words
        self._update_index({entry.document.id: entry.document for entry in opened}, taught)
        recalibrated = self._ready_index().calibration != self._calibration
        if recalibrated:
            self._ready_index().calibrate(self._calibration)
        # A new memory, after the index changed: nothing decided before can enter it.
        if asked_anew:
            self._weighed = lru_cache(WEIGHED)(self._weigh)
        if asked_anew or recalibrated:
            self._remembered = lru_cache(REMEMBERED)(self._decide)
        return changed or asked_anew or recalibrated

    def _update_index(self, documents: dict[str, FaqDocument], taught: set[Taught]) -> None:
        changed = [document for key, document in documents.items() if self._indexed.get(key) != document]
        gone = self._indexed.keys() - documents.keys()
        reads_anew = self._words != self._indexed_words
        if self._index is None or len(changed) > REBUILD_ABOVE or reads_anew:
            index = index_files.load_or_build(self._index_folder, documents.values(), self._words, taught)
            index.calibrate(self._calibration)
        elif changed or gone or taught != self._taught:
            index = self._index
            if changed or gone or self._taught - taught:
                index.renew(changed, gone, index_files.in_order(taught))
            else:
                index.learn(index_files.in_order(taught - self._taught))
            index_files.save(self._index_folder, index, documents.values(), self._words, taught)
        else:
            return
        self._index = index
        self._indexed, self._taught, self._indexed_words = documents, taught, self._words


def _as_taught(lesson: Lesson) -> Taught:
    text, entry_id = lesson
    return text, str(entry_id) if entry_id is not None else None


def _in_category(faces: tuple[EntryFace, ...], category: str | None) -> tuple[EntryFace, ...]:
    return faces if category is None else tuple(face for face in faces if face.category == category)

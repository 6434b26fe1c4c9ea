"""Words of emergency in a message, found before anything else is asked of it.

The words, the numbers and what to say first are data, in `emergency.toml` beside this module. Calling
for help once too often costs a resident one line to skip; missing a call may cost a life. So the lists
lean towards finding, and only well-worn other meanings are excluded.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from knowledge.thai import as_thai_layout, has_thai, normalise

_DATA = Path(__file__).with_name("emergency.toml")

_LIMIT = 2_000
"""Meaningful characters of a message that are read."""

_SLIP_LIMIT = 300
"""Characters of a message in which slips are looked for: who cries for help writes little."""
_MARKS_LENGTH = 6
"""Letters of a phrase from which it may be told without its tone marks."""
_SLIP_LENGTH = 9
"""Letters of a phrase from which one slip still leaves it unlike anything else people write."""
_MARKS = "\u0e47\u0e48\u0e49\u0e4a\u0e4b"
_NO_MARKS = dict.fromkeys(map(ord, _MARKS))

_GAP = "[^|]{0,14}?"  # what "…" may stand for inside a phrase
_POLITE = "(?:ค่ะ|คะ|ครับ|คับ|จ้า|เด้อ|เจ้า|นะ|ที|หน่อย)*"
_EVENED = str.maketrans({"ใ": "ไ", "ศ": "ส", "ษ": "ส", "ณ": "น", "์": None, " ": None})


class Number(NamedTuple):
    """A telephone number and whose it is."""

    number: str
    name_th: str
    name_en: str


@dataclass(frozen=True)
class Emergency:
    """What was recognised, whom to call (most important first), and what to say first."""

    kind: str
    numbers: tuple[Number, ...]
    advice_th: str
    advice_en: str


@dataclass(frozen=True)
class _Rule:
    emergency: Emergency
    phrases: re.Pattern[str]
    ignored: re.Pattern[str] | None
    unless: re.Pattern[str] | None


@dataclass(frozen=True)
class _Rules:
    suspicious: re.Pattern[str]
    now: re.Pattern[str]
    marked: dict[str, str]
    unmarked: re.Pattern[str]
    long_phrases: tuple[str, ...]
    not_slips: re.Pattern[str]
    rules: tuple[_Rule, ...]


def find_emergency(text: str) -> Emergency | None:
    """The emergency a message tells of, or None.

    Text typed with the keyboard in English layout is read as the Thai it was meant to be.
    """
    found = _find(text)
    if found is None and not has_thai(text) and (meant := as_thai_layout(text[:_LIMIT])):
        found = _find(meant)
    return found


def _find(text: str) -> Emergency | None:
    book = _rules()
    evened = _even(text)
    # Nearly every message has none of them: one scan for any phrase of any kind.
    if book.suspicious.search(evened) is not None:
        return _first_of(book, evened)
    return next((found for mended in _slips_mended(book, evened) if (found := _first_of(book, mended))), None)


def _first_of(book: _Rules, evened: str) -> Emergency | None:
    cries_for_help = book.now.search(evened) is not None
    for rule in book.rules:
        remaining = rule.ignored.sub("|", evened) if rule.ignored else evened
        if rule.phrases.search(remaining) is None:
            continue
        if cries_for_help or rule.unless is None or rule.unless.search(evened) is None:
            return rule.emergency
    return None


def _slips_mended(book: _Rules, evened: str) -> Iterator[str]:
    """The message with one phrase as it should be, for each phrase that it holds with a slip."""
    head = book.not_slips.sub("|", evened[:_SLIP_LIMIT])
    if not has_thai(head):
        return
    places = [place for place, letter in enumerate(head) if letter not in _MARKS]
    for found in book.unmarked.finditer("".join(head[place] for place in places)):
        first, last = places[found.start()], places[found.end() - 1] + 1
        yield f"{head[:first]}{book.marked[found.group()]}{head[last:]}"
    for phrase in book.long_phrases:
        likeness = 100 * (len(phrase) - 1) / len(phrase)  # one letter for another
        near = fuzz.partial_ratio_alignment(phrase, head, score_cutoff=likeness - 0.1)
        if near is None:
            continue
        # The stretch is as long as the phrase, wherever the slip is: its true ends may lie a letter off.
        for start, end in product((0, 1, -1), repeat=2):
            first, last = max(near.dest_start + start, 0), near.dest_end + end
            if OSA.distance(phrase, head[first:last], score_cutoff=1) <= 1:
                yield f"{head[:first]}{phrase}{head[last:]}"
                break


@cache
def _rules() -> _Rules:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = data["emergency"]
    whole = {_even(phrase) for entry in entries for phrase in entry["phrases"] if not set("…=") & set(phrase)}
    thai = sorted(phrase for phrase in whole if has_thai(phrase))
    marked = {_without_marks(phrase): phrase for phrase in thai if len(phrase) >= _MARKS_LENGTH}
    return _Rules(
        suspicious=_any_of(phrase for entry in entries for phrase in entry["phrases"]),
        now=_any_of(data["now"]),
        not_slips=_any_of(data["not_slips"]),
        marked=marked,
        unmarked=re.compile("|".join(sorted(map(re.escape, marked), key=len, reverse=True))),
        long_phrases=tuple(phrase for phrase in thai if len(phrase) >= _SLIP_LENGTH),
        rules=tuple(_rule(entry, data) for entry in entries),
    )


def _without_marks(text: str) -> str:
    return text.translate(_NO_MARKS)


def _rule(entry: dict[str, Any], data: dict[str, Any]) -> _Rule:
    phrases = _alternatives(entry["phrases"])
    ignored = [_alternatives(entry["ignore"])] if entry.get("ignore") else []
    if entry.get("feared"):
        links = _alternatives(data["feared_links"])
        ignored.append(f"(?:{_alternatives(data['feared'])})(?:{links}){{0,4}}(?:{phrases})")
    unless = [
        phrase
        for item in entry.get("unless", ())
        for phrase in (data["lists"][item[1:]] if item.startswith("@") else [item])
    ]
    return _Rule(
        emergency=Emergency(
            kind=entry["kind"],
            numbers=tuple(
                Number(number, data["numbers"][number]["th"], data["numbers"][number]["en"])
                for number in entry["numbers"]
            ),
            advice_th=entry["advice_th"],
            advice_en=entry["advice_en"],
        ),
        phrases=re.compile(phrases),
        ignored=re.compile("|".join(ignored)) if ignored else None,
        unless=_any_of(unless) if unless else None,
    )


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(_alternatives(phrases))


def _alternatives(phrases: Iterable[str]) -> str:
    """A pattern for phrases written as people write them, evened out like the message."""
    # Longest first, so that an alternative is not hidden by one that it begins with.
    return "|".join(sorted({_pattern(phrase) for phrase in phrases}, key=len, reverse=True))


def _pattern(phrase: str) -> str:
    pieces = phrase.removeprefix("=").split("…")
    pattern = _GAP.join(re.escape(_even(piece)) for piece in pieces)
    return f"^{pattern}{_POLITE}$" if phrase.startswith("=") else pattern


def _even(text: str) -> str:
    """The form in which messages and phrases are compared."""
    return normalise(text, limit=_LIMIT).translate(_EVENED)

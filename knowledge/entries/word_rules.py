"""What an office may have read differently, and what it must not: the rules for its own words. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from knowledge.entries.content import one_line
from knowledge.entries.models import WordKind
from knowledge.thai import OfficeWords, Segmenter, normalise
from knowledge.thai.words import everyday_synonyms

MAX_WORD = 60  # characters of a word or phrase
MAX_GROUP = 20  # words that mean the same
MAX_NOTE = 300  # characters
MAX_RULES = 500  # in use
MOST_SHIPPED = 2  # groups of shipped words that become one by an office's words
LEAST_LEFT = 4  # characters: of a question, what must be left beside a stop phrase

_LETTER = re.compile("[ก-ฮa-z]")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule as written: several words that mean the same, or one word or phrase of the other kinds."""

    kind: WordKind
    words: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a rule is refused. `word` is the one at fault, `other` what it meets."""

    code: str
    word: str = ""
    other: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a rule must fit: the other rules in use, and the keywords and phrasings of live entries."""

    rules: Sequence[Rule]
    keywords: Iterable[str]
    phrasings: Iterable[str]


def tidied(rule: Rule) -> Rule:
    """The rule on single lines, each word once however it is spelt."""
    words: dict[str, str] = {}
    for word in map(one_line, rule.words):
        if word:
            words.setdefault(normalise(word) or word, word)
    return replace(rule, words=tuple(words.values()), note=one_line(rule.note))


def office_words(rules: Iterable[Rule]) -> OfficeWords:
    """The rules as the answer engine takes them."""
    synonyms: list[tuple[str, ...]] = []
    protected: list[str] = []
    stop_phrases: list[str] = []
    for rule in rules:
        match rule.kind:
            case WordKind.SYNONYMS:
                synonyms.append(rule.words)
            case WordKind.PROTECTED:
                protected.extend(rule.words)
            case WordKind.STOP_PHRASE:
                stop_phrases.extend(rule.words)
            case unknown:
                assert_never(unknown)
    return OfficeWords(synonyms=tuple(synonyms), protected=tuple(protected), stop_phrases=tuple(stop_phrases))


def fault_of(rule: Rule, among: Surroundings) -> Fault | None:
    """The first thing wrong with a tidied rule; None when it is sound."""
    return _fault_of_words(rule) or _fault_among_rules(rule, among.rules) or _fault_of_phrase(rule, among)


def joined_group(words: Sequence[str], known: Segmenter) -> tuple[str, ...]:
    """What else is read as the words of a group are, through shipped and other groups; `known` has the group."""
    own = set(map(normalise, words))
    return tuple(word for word in known.alike(normalise(words[0])) if word not in own)


def _fault_of_words(rule: Rule) -> Fault | None:
    if not rule.words:
        return Fault(code="faq_words.empty")
    for word in rule.words:
        normal = normalise(word)
        if len(word) > MAX_WORD:
            return Fault(code="faq_words.too_long", word=word[:MAX_WORD])
        if not _LETTER.search(normal):
            return Fault(code="faq_words.no_letter", word=word)
        if len(normal) < 2:
            return Fault(code="faq_words.too_short", word=word)
    if len(rule.note) > MAX_NOTE:
        return Fault(code="faq_words.note_too_long")
    if rule.kind is not WordKind.SYNONYMS:
        return Fault(code="faq_words.one_at_a_time") if len(rule.words) > 1 else None
    if len(rule.words) == 1:
        return Fault(code="faq_words.group_of_one", word=rule.words[0])
    return Fault(code="faq_words.group_too_large") if len(rule.words) > MAX_GROUP else None


def _fault_among_rules(rule: Rule, rules: Sequence[Rule]) -> Fault | None:
    if len(rules) >= MAX_RULES:
        return Fault(code="faq_words.too_many")
    own = {normalise(word): word for word in rule.words}
    for other in rules:
        theirs = {normalise(word) for word in other.words}
        shared = own.keys() & theirs
        if not shared:
            continue
        word, whole = own[min(shared)], " = ".join(other.words)
        if other.kind is not rule.kind:
            return Fault(code="faq_words.in_two_kinds", word=word)
        if own.keys() == theirs:
            return Fault(code="faq_words.repeated", word=" = ".join(rule.words))
        return Fault(code="faq_words.in_other_group", word=word, other=whole)
    if rule.kind is WordKind.SYNONYMS:
        protected = {normalise(w) for r in rules if r.kind is WordKind.PROTECTED for w in r.words}
        for group in everyday_synonyms():
            if own.keys() <= set(map(normalise, group)) - protected:
                return Fault(code="faq_words.known_already", word=" = ".join(rule.words))
        return _fault_of_joining(rule, rules)
    return None


def _fault_of_joining(rule: Rule, rules: Sequence[Rule]) -> Fault | None:
    """Words that bring several shipped groups together, perhaps through other rules, tell little apart."""
    known = Segmenter(office=office_words([*rules, rule]))
    alike = set(known.alike(normalise(rule.words[0])))
    met = [group for group in everyday_synonyms() if alike.intersection(map(normalise, group))]
    if len(met) <= MOST_SHIPPED:
        return None
    whole = " = ".join(group[0] for group in met)
    return Fault(code="faq_words.joins_too_many", word=" = ".join(rule.words), other=whole)


def _fault_of_phrase(rule: Rule, among: Surroundings) -> Fault | None:
    """What a stop phrase would take away that somebody needs."""
    if rule.kind is not WordKind.STOP_PHRASE:
        return None
    word = rule.words[0]
    phrase = normalise(word)
    for group in everyday_synonyms():
        if phrase in map(normalise, group):
            return Fault(code="faq_words.is_synonym", word=word, other=" = ".join(group[:4]))
    for keyword in among.keywords:
        if normalise(keyword) == phrase:
            return Fault(code="faq_words.is_keyword", word=word)
    phrases = {normalise(w) for r in among.rules if r.kind is WordKind.STOP_PHRASE for w in r.words}
    longest_first = sorted(phrases | {phrase}, key=len, reverse=True)
    for phrasing in among.phrasings:
        left = normalise(phrasing)
        if phrase not in left:
            continue
        for taken in longest_first:
            left = left.replace(taken, " ")
        if len(left.replace(" ", "")) < LEAST_LEFT:
            return Fault(code="faq_words.swallows_question", word=word, other=phrasing)
    return None

"""What an author writes in one version of an entry, and the rules it must keep. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eservice.kit.text import LANGUAGES
from knowledge.entries.answer import parse_answer
from knowledge.entries.models import EntryVersion

MAX_QUESTION = 300  # characters; so are all text limits here
MAX_ANSWER = 2_500
MAX_VARIANTS = 60
MAX_VARIANT = 300
MAX_KEYWORDS = 40
MAX_KEYWORD = 100
MAX_CATEGORY = 100
MAX_SOURCE = 500
MAX_SOURCE_URL = 1_000
MAX_ROWS = 30  # of a table in an answer: a card holds no more
UNFILLED = "〔เติม"  # begins a mark in an answer where the office must fill something in
LIST_SEPARATOR = "|"  # between the variants, and the keywords, of one cell of a table file
DEFAULT_CATEGORY = "ทั่วไป"
YEARS = range(1900, 2400)  # of a window; a later one is a Buddhist-era year where it does not belong

# The demo office's categories in the order residents look for them; others follow by the alphabet.
CATEGORY_ORDER = (
    "สวัสดิการ",
    "ภาษี",
    "ก่อสร้างและที่ดิน",
    "ค้าขายและใบอนุญาต",
    "สุขภาพและสิ่งแวดล้อม",
    "น้ำ ไฟ ถนน",
    "เด็กและการศึกษา",
    "ภัยพิบัติและความช่วยเหลือ",
    "ทะเบียนและบัตร",
    "ข้อมูลและร้องเรียน",
    "เลือกตั้งและสภา",
    "ติดต่อสำนักงาน",
)

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_SOURCE_URL = re.compile(r"https?://[^\s/]+\S*")
# Nobody means to write these, and the databases refuse some: controls but line feed, and lone surrogates.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, kw_only=True)
class EntryContent:
    """The words of one version. `publish_from` is included in its window, `publish_until` is not."""

    question: str
    answer: str
    variants: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    category: str = DEFAULT_CATEGORY
    department_id: int | None = None
    source: str = ""
    source_url: str = ""
    publish_from: datetime | None = None
    publish_until: datetime | None = None
    language: str = "th"


def content_of(version: EntryVersion) -> EntryContent:
    """The words of a stored version."""
    return EntryContent(
        question=version.question,
        answer=version.answer,
        variants=tuple(version.variants),
        keywords=tuple(version.keywords),
        category=version.category,
        department_id=version.department_id,
        source=version.source,
        source_url=version.source_url,
        publish_from=version.publish_from,
        publish_until=version.publish_until,
        language=version.language,
    )


def tidied(content: EntryContent) -> EntryContent:
    """The content without stray blanks, control characters, empty or repeated phrasings."""
    question = one_line(content.question)
    return replace(
        content,
        question=question,
        answer=_lines(content.answer),
        variants=_distinct(content.variants, besides=question),
        keywords=_distinct(content.keywords),
        category=one_line(content.category) or DEFAULT_CATEGORY,
        source=one_line(content.source),
        source_url=content.source_url.strip(),
        language=content.language.strip() or "th",
    )


def faults(content: EntryContent) -> dict[str, str]:
    """What is wrong with tidied content: the code of the first fault of each field; empty when sound.

    Codes: `empty`, `too_long`, `too_many`, `too_many_rows`, `has_separator`, `not_an_address`,
    `not_a_year`, `ends_before_start`, `unknown`.
    """
    found = {
        "question": _text_fault(content.question, MAX_QUESTION, required=True),
        "answer": _text_fault(content.answer, MAX_ANSWER, required=True),
        "variants": _list_fault(content.variants, MAX_VARIANTS, MAX_VARIANT),
        "keywords": _list_fault(content.keywords, MAX_KEYWORDS, MAX_KEYWORD),
        "category": _text_fault(content.category, MAX_CATEGORY),
        "source": _text_fault(content.source, MAX_SOURCE),
        "source_url": _text_fault(content.source_url, MAX_SOURCE_URL),
    }
    if found["answer"] is None and len(parse_answer(content.answer).rows) > MAX_ROWS:
        found["answer"] = "too_many_rows"
    if content.source_url and not _SOURCE_URL.fullmatch(content.source_url):
        found["source_url"] = found["source_url"] or "not_an_address"
    if content.language not in LANGUAGES:
        found["language"] = "unknown"
    start, end = content.publish_from, content.publish_until
    if start is not None and end is not None and end <= start:
        found["publish_until"] = "ends_before_start"
    for field, instant in (("publish_from", start), ("publish_until", end)):
        if instant is not None and instant.year not in YEARS:
            found[field] = "not_a_year"
    return {field: code for field, code in found.items() if code is not None}


def key_fault(key: str) -> str | None:
    """`not_a_key` unless the key has 1 to 100 of `A-Z a-z 0-9 . _ : -` and starts with one of the first three."""
    return None if _KEY.fullmatch(key) else "not_a_key"


def category_rank(category: str) -> tuple[int, str]:
    """Sorts categories the way they are shown."""
    known = category in CATEGORY_ORDER
    return (CATEGORY_ORDER.index(category) if known else len(CATEGORY_ORDER), category)


def one_line(text: str) -> str:
    """The text on one line, with single blanks and without control characters."""
    return _SPACES.sub(" ", _UNWRITABLE.sub("", text).replace("\n", " ")).strip()


def _lines(text: str) -> str:
    """Lines trimmed; blank ones at the ends are dropped."""
    cleaned = _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(_SPACES.sub(" ", line).strip() for line in cleaned.split("\n")).strip()


def _distinct(texts: Sequence[str], besides: str = "") -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for raw in texts if (text := one_line(raw)) and text != besides))


def _text_fault(text: str, longest: int, *, required: bool = False) -> str | None:
    if required and not text:
        return "empty"
    return "too_long" if len(text) > longest else None


def _list_fault(texts: Sequence[str], most: int, longest: int) -> str | None:
    if len(texts) > most:
        return "too_many"
    if any(len(text) > longest for text in texts):
        return "too_long"
    return "has_separator" if any(LIST_SEPARATOR in text for text in texts) else None

"""The form of an answer: what a clerk typed, and what it means.

Typed values stay text until they are sound, so that a refused form shows them again as they were.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Literal

from fastapi import Form
from pydantic import BaseModel, Field

from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import (
    arabic_digits,
    at_bangkok,
    local,
    parse_thai_date,
    thai_date,
    thai_datetime,
)
from knowledge.entries.content import DEFAULT_CATEGORY, UNFILLED, EntryContent, faults, tidied
from knowledge.entries.importer import fault_text

MAX_FIELD = 50_000  # characters; beyond it nobody typed the text


class EntryForm(BaseModel):
    """The fields as typed. `based_on` is the version number that the author started from; 0 for a new one."""

    question: Annotated[str, Field(max_length=MAX_FIELD)] = ""
    variants: Annotated[str, Field(max_length=MAX_FIELD)] = ""  # one a line, as are keywords
    answer: Annotated[str, Field(max_length=MAX_FIELD)] = ""
    keywords: Annotated[str, Field(max_length=MAX_FIELD)] = ""
    category: Annotated[str, Field(max_length=MAX_FIELD)] = ""
    department: Annotated[str, Field(max_length=10)] = ""
    source: Annotated[str, Field(max_length=MAX_FIELD)] = ""
    source_url: Annotated[str, Field(max_length=MAX_FIELD)] = ""
    publish_from: Annotated[str, Field(max_length=100)] = ""
    publish_until: Annotated[str, Field(max_length=100)] = ""
    language: Annotated[str, Field(max_length=5)] = "th"
    based_on: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    action: Literal["save", "publish"] = "save"  # the button

    @property
    def department_id(self) -> int | None:
        """The chosen department; None for the whole office, and for a value that the form does not offer."""
        is_number = self.department.isascii() and self.department.isdigit()
        return min(int(self.department), 2**31 - 1) if is_number else None


TypedEntry = Annotated[EntryForm, Form()]


def form_of(content: EntryContent, *, based_on: int = 0) -> EntryForm:
    """The form filled with stored words."""
    return EntryForm(
        question=content.question,
        variants="\n".join(content.variants),
        answer=content.answer,
        keywords="\n".join(content.keywords),
        category=content.category,
        department=str(content.department_id or ""),
        source=content.source,
        source_url=content.source_url,
        publish_from=_shown_start(content.publish_from),
        publish_until=_shown_end(content.publish_until),
        language=content.language,
        based_on=based_on,
    )


def read_form(form: EntryForm, texts: Catalogue) -> tuple[EntryContent, dict[str, str]]:
    """The tidied content, and a sentence for each field that is wrong; without any the content is sound."""
    wrong: dict[str, str] = {}
    instants: dict[str, datetime | None] = {}
    for field, typed, ends in (
        ("publish_from", form.publish_from, False),
        ("publish_until", form.publish_until, True),
    ):
        try:
            instants[field] = read_instant(typed, ends=ends)
        except ValueError:
            instants[field] = None
            wrong[field] = texts.get("faq.form.not_a_date")
    content = tidied(
        EntryContent(
            question=form.question,
            answer=form.answer,
            variants=tuple(form.variants.splitlines()),
            keywords=tuple(form.keywords.splitlines()),
            category=form.category or DEFAULT_CATEGORY,
            department_id=form.department_id,
            source=form.source,
            source_url=form.source_url,
            publish_from=instants["publish_from"],
            publish_until=instants["publish_until"],
            language=form.language,
        )
    )
    if form.action == "publish" and UNFILLED in content.answer:
        wrong["answer"] = texts.get("errors.faq.unfilled")
    return content, _sentences(faults(content)) | wrong


def read_instant(typed: str, *, ends: bool) -> datetime | None:
    """A typed date, "20/11/2569" or "20 พ.ย. 2569", with or without "08.30" after it; None when empty.

    A date alone means the whole day in Thailand: its start, or with `ends` its end. Raises ValueError for
    what is no date.
    """
    text = arabic_digits(typed).removesuffix("น.").strip()
    if not text:
        return None
    day_text, _, last = text.rpartition(" ")
    hour, dot, minute = last.replace(":", ".").partition(".")
    if day_text and dot and hour.isdecimal() and minute.isdecimal():
        return at_bangkok(parse_thai_date(day_text), time(int(hour), int(minute)))
    try:
        return at_bangkok(parse_thai_date(text) + timedelta(days=ends), time())
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


def _sentences(codes: Mapping[str, str]) -> dict[str, str]:
    return {field: fault_text(field, code) for field, code in codes.items()}


def _shown_start(instant: datetime | None) -> str:
    return "" if instant is None else _typed(instant)


def _shown_end(instant: datetime | None) -> str:
    """A window that ends at midnight is shown by its last day."""
    if instant is None:
        return ""
    if local(instant).time() == time():
        return _typed(instant - timedelta(days=1))
    return _typed(instant)


def _typed(instant: datetime) -> str:
    """`20 พ.ย. 2569`, with the time when it is not midnight."""
    return thai_date(instant) if local(instant).time() == time() else thai_datetime(instant)

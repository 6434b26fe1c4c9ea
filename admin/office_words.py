"""The office's words: what counts as the same, what stays whole, what says nothing; tried before it is saved.

A change touches the answers of every department, so it needs the permission for the whole office.
"""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import BaseModel, Field

from admin.access import console_of, guarded
from admin.office_word_pages import trial_page, words_page
from admin.pages import FormRefused, page, redirect, sentences
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import STATUS, Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal, may, require
from knowledge.entries import service, words
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import WordKind
from knowledge.entries.trial import saved_test_questions, try_words
from knowledge.entries.word_rules import Rule, tidied
from knowledge.thai import OfficeWords

router = APIRouter(prefix="/faq/words")

ADDRESS = "/admin/faq/words"
SEEN_SECONDS = 60 * 60  # so long may a person think about the effect
_BETWEEN = re.compile(r"[\n=,]+")  # synonyms are also typed "อบต. = องค์การบริหารส่วนตำบล"


class WordsForm(BaseModel):
    """The fields as typed. `item` is the rule that is rewritten or retired; 0 for a new one."""

    kind: WordKind = WordKind.SYNONYMS
    words: Annotated[str, Field(max_length=5_000)] = ""
    note: Annotated[str, Field(max_length=2_000)] = ""
    item: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    action: Literal["save", "retire"] = "save"
    seen: Annotated[str, Field(max_length=20_000)] = (
        ""  # says that the effect was shown, and whether it is bad
    )
    confirm: Annotated[str, Field(max_length=3)] = ""

    def rule(self) -> Rule:
        """What the words mean."""
        lines = self.words.replace("\r", "\n")
        parts = _BETWEEN.split(lines) if self.kind is WordKind.SYNONYMS else lines.split("\n")
        return tidied(Rule(kind=self.kind, words=tuple(parts), note=self.note))


TypedWords = Annotated[WordsForm, Form()]


def _keeper(staff: Annotated[Principal, guarded(Permission.FAQ_WORDS)]) -> Principal:
    require(staff, Permission.FAQ_WORDS, None)
    return staff


Keeper = Annotated[Principal, Depends(_keeper)]


@router.get("")
def show(
    request: Request,
    staff: Annotated[Principal, guarded(Permission.FAQ_READ)],
    reader: Reader,
    edit: Annotated[str, Query(pattern=r"^[0-9]{0,9}$")] = "",
) -> Response:
    """The words in use; with `edit` the form holds those of one rule."""
    form = WordsForm()
    if edit:
        rule = words.rule_of(words.rule_in_use(reader, int(edit)))
        form = WordsForm(kind=rule.kind, words="\n".join(rule.words), note=rule.note, item=int(edit))
    return _page(request, reader, staff, form)


@router.post("/try")
def show_effect(request: Request, staff: Keeper, reader: Reader, form: TypedWords) -> Response:
    """What the change would do to the saved test questions. Keeps nothing."""
    try:
        after = _words_after(reader, form)
    except ServiceError as error:
        return _refused(request, reader, staff, form, error)
    trial = try_words(_live(request), saved_test_questions(reader), words.office_words(reader), after)
    rule = None if form.action == "retire" else form.rule()
    effect = trial_page(console_of(request).texts, _live(request), trial, rule, after)
    return _page(request, reader, staff, form, effect=effect, seen=_sign(request, form, trial.does_harm))


@router.post("")
def save(request: Request, uow: Uow, staff: Keeper, form: TypedWords) -> Response:
    """Makes the change whose effect was shown."""
    texts = console_of(request).texts
    does_harm = _read_seen(request, form)
    if does_harm is None or (does_harm and not form.confirm):
        key = "words.look_first" if does_harm is None else "words.confirm_first"
        raise FormRefused(_page(request, uow, staff, form, status=422, errors=[("", texts.get(key))]))
    try:
        if form.action == "retire":
            words.retire(uow, form.item, actor=staff.username)
        elif form.item:
            words.change(uow, form.item, form.rule(), actor=staff.username)
        else:
            words.add(uow, form.rule(), actor=staff.username)
    except ServiceError as error:
        raise FormRefused(_refused(request, uow, staff, form, error)) from error
    request.app.state.signals.notify(uow, service.TOPIC)
    return redirect(request, ADDRESS, flash="words.retired" if form.action == "retire" else "words.saved")


def _words_after(reader: ReadOnly, form: WordsForm) -> OfficeWords:
    if form.item:
        words.rule_in_use(reader, form.item)
    instead_of = form.item or None
    if form.action == "retire":
        return words.words_after(reader, None, instead_of=instead_of)
    rule = words.checked(reader, form.rule(), instead_of=instead_of)
    return words.words_after(reader, rule, instead_of=instead_of)


def _refused(
    request: Request, reader: ReadOnly, staff: Principal, form: WordsForm, error: ServiceError
) -> Response:
    if error.kind not in (ErrorKind.INVALID, ErrorKind.CONFLICT):
        raise error
    errors = sentences(console_of(request), error)
    return _page(request, reader, staff, form, status=STATUS[error.kind], errors=errors)


def _page(
    request: Request,
    reader: ReadOnly,
    staff: Principal,
    form: WordsForm,
    *,
    status: int = 200,
    errors: list[tuple[str, str]] | None = None,
    **context: Any,
) -> Response:
    faults = dict(errors or [])
    known: dict[str, Any] = {"effect": None, "seen": ""}
    return page(
        request,
        "faq/words.html",
        status=status,
        form=form,
        words=words_page(reader, console_of(request).texts, _live(request)),
        may_keep=may(staff, Permission.FAQ_WORDS, None),
        errors=list(faults.items()),
        error_of=lambda name: faults.get(name, ""),
        **(known | context),
    )


def _live(request: Request) -> LiveFaq:
    return request.app.state.faq


def _sign(request: Request, form: WordsForm, does_harm: bool) -> str:
    """What the button carries that saves: this change was shown with its effect."""
    signed = _serializer(request).dumps([_content(form), does_harm])
    assert isinstance(signed, str)
    return signed


def _read_seen(request: Request, form: WordsForm) -> bool | None:
    """Whether the change was shown to do harm; None when it was not shown."""
    try:
        content, does_harm = _serializer(request).loads(form.seen, max_age=SEEN_SECONDS)
    except BadSignature:
        return None
    return bool(does_harm) if content == _content(form) else None


def _content(form: WordsForm) -> list[Any]:
    if form.action == "retire":
        return [form.action, form.item]
    rule = form.rule()
    return [form.action, form.item, rule.kind.value, list(rule.words)]


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(console_of(request).settings.signing_key, salt="words-tried")

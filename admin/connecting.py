"""Connecting LINE and Telegram: keys entered, address registered, menu set, all examined, on one page each.

What was entered is never shown again, but for the last letters of a token. Calls to a platform belong to no
transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.channels import HOME, quota_of
from admin.delivery_words import Look, reason_told, reason_words
from admin.pages import FormRefused, page, redirect, refilling, sentences
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import Db, Uow
from eservice.kit.thai_calendar import thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import channels, credentials
from eservice.messaging.credentials import Kept, Origin, Platform
from eservice.messaging.models import ChannelName
from eservice.operations.connections import ChannelDesk, on_record
from eservice.operations.doctor import Finding, Verdict, all_work
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/channels")

ACCOUNT_STEPS = 5  # at the platform, before the keys are there
TEMPLATE = "channels/connect.html"
WEBHOOKS = {ChannelName.LINE: "/webhooks/line", ChannelName.TELEGRAM: "/webhooks/telegram"}
_LOOKS = {
    Verdict.OK: ("done", "check"),
    Verdict.WARNING: ("warn", "alert"),
    Verdict.FAILED: ("error", "alert"),
    Verdict.OFF: ("neutral", "minus"),
    Verdict.UNKNOWN: ("neutral", "question"),
}

Reading = Annotated[Principal, guarded(Permission.CHANNEL_READ)]
Manager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]
Named: TypeAlias = Literal["line", "telegram"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of an examination."""

    words: str
    look: Look
    raw: str  # as the platform said it


@router.get("/{name}")
def show(request: Request, database: Db, staff: Reading, name: Named) -> Response:
    """The steps of connecting the channel, and how far it has come."""
    return _page(request, database, _platform(name))


@router.post("/{name}/keys")
def save_keys(
    request: Request,
    database: Db,
    staff: Manager,
    name: Named,
    token: Annotated[str, Form(max_length=2_000)] = "",
    secret: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Asks the platform whose keys these are, and keeps them; every process takes them over at once."""
    channel = _platform(name)
    with refilling(request, TEMPLATE, **_context(request, database, channel)):
        token, secret = credentials.checked(channel, token, secret)
        tried = _desk(request).try_token(channel, token)
        settings = console_of(request).settings
        with database.unit_of_work() as uow:
            credentials.save(uow, settings, channel, token=token, secret=secret, actor=staff.username)
            request.app.state.signals.notify(uow, credentials.TOPIC)
    if tried.account:
        return redirect(request, _address(channel), flash="connecting.saved", account=tried.account)
    why = reason_words(console_of(request).texts, tried.reason)
    return redirect(request, _address(channel), flash="connecting.saved_unseen", why=why)


@router.post("/{name}/forget")
def forget_keys(request: Request, uow: Uow, staff: Manager, name: Named) -> Response:
    """Turns the channel off and forgets its keys."""
    channel = _platform(name)
    credentials.forget(uow, console_of(request).settings, channel, actor=staff.username)
    request.app.state.signals.notify(uow, credentials.TOPIC)
    return redirect(request, _address(channel), flash="connecting.forgotten")


@router.post("/{name}/register")
def register(request: Request, database: Db, staff: Manager, name: Named) -> Response:
    """Tells the platform where to send messages."""
    channel = _platform(name)
    recorded = on_record(database, channel, "registered", actor=staff.username)
    with _told(request, database, channel, "register"), recorded:
        lines = _desk(request).register(channel)
    return _page(request, database, channel, done_at="register", lines=lines)


@router.post("/{name}/menu")
def set_menu(request: Request, database: Db, staff: Manager, name: Named) -> Response:
    """Draws and sets the menu."""
    channel = _platform(name)
    recorded = on_record(database, channel, "menu_set", actor=staff.username)
    with _told(request, database, channel, "menu"), recorded:
        lines = _desk(request).set_menu(channel)
    return _page(request, database, channel, done_at="menu", lines=lines)


@router.post("/{name}/check")
def check(request: Request, database: Db, staff: Manager, name: Named) -> Response:
    """Has everything examined that `doctor` examines of this channel."""
    channel = _platform(name)
    try:
        findings = _desk(request).examine(channel)
    except ServiceError as error:
        return _page(request, database, channel, done_at="check", **_refusal(request, error))
    passed = all_work(findings) and all(found.verdict is not Verdict.OFF for found in findings)
    with database.unit_of_work() as uow:
        channels.record_check(uow, channel, passed=passed)
    return _page(request, database, channel, done_at="check", findings=[_found(found) for found in findings])


@contextmanager
def _told(request: Request, database: Db, channel: Platform, what: str) -> Iterator[None]:
    """Within the block, what the platform refuses is told on the page."""
    try:
        yield
    except ServiceError as error:
        if error.kind is not ErrorKind.CONFLICT:
            raise
        shown = _page(request, database, channel, done_at=what, **_refusal(request, error))
        raise FormRefused(shown) from error


def _page(request: Request, database: Db, channel: Platform, **more: Any) -> Response:
    return page(request, TEMPLATE, **(_context(request, database, channel) | more))


def _context(request: Request, database: Db, channel: Platform) -> dict[str, Any]:
    """What the page of a channel shows."""
    console = console_of(request)
    with database.read() as reader:
        kept, is_readable = _kept(request, reader, channel)
        row = channels.all_states(reader).get(channel)
        quota = quota_of(console.texts, row, reader.now) if channel is ChannelName.LINE else None
        heard = channels.last_inbound(reader).get(channel)
    return {
        "channel": channel.value,
        "channel_name": console.texts.get(f"inquiries.channel.{channel.value}"),
        "account_steps": [
            console.texts.get(f"connecting.{channel.value}.account_{number}")
            for number in range(1, ACCOUNT_STEPS + 1)
        ],
        "is_on": kept.origin is not Origin.NOWHERE,
        "is_from_environment": kept.origin is Origin.ENVIRONMENT,
        "is_readable": is_readable,
        "ending": kept.ending,
        "saved_by": kept.saved_by,
        "saved_at": thai_datetime(kept.saved_at) if kept.saved_at is not None else "",
        "webhook": console.settings.public_url + WEBHOOKS[channel],
        "is_https": console.settings.is_https,
        "quota": quota,
        "heard": thai_datetime(heard) if heard is not None else "",
        "checked_at": thai_datetime(row.checked_at) if row is not None and row.checked_at else "",
        "check_passed": bool(row is not None and row.check_passed),
        "done_at": "",
        "lines": [],
        "failed": False,
        "raw": "",
        "findings": [],
    }


def _kept(request: Request, reader: ReadOnly, channel: Platform) -> tuple[Kept, bool]:
    """What may be shown of the keys, and whether they can be read with today's SECRET_KEY."""
    try:
        return credentials.kept(reader, console_of(request).settings, channel), True
    except ServiceError:
        return Kept(origin=Origin.CONSOLE), False


def _refusal(request: Request, error: ServiceError) -> dict[str, Any]:
    """What was refused, in our words where the platform's are known, and what it said itself."""
    console = console_of(request)
    lines = [sentence for _, sentence in sentences(console, error)]
    reason = str(error.parameters.get("reason", ""))
    if error.code == "channels.refused":
        lines = [
            console.texts.get(
                "connecting.refused",
                channel=error.parameters["channel"],
                why=reason_words(console.texts, reason),
            )
        ]
    return {"lines": lines, "failed": True, "raw": reason_told(reason)}


def _found(found: Finding) -> Found:
    tone, icon = _LOOKS[found.verdict]
    return Found(words=found.thai, look=Look(words="", tone=tone, icon=icon), raw=reason_told(found.detail))


def _desk(request: Request) -> ChannelDesk:
    return request.app.state.channel_desk


def _platform(name: Named) -> Platform:
    return ChannelName.LINE if name == "line" else ChannelName.TELEGRAM


def _address(channel: Platform) -> str:
    return f"{HOME}/{channel.value}"

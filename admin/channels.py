"""The channels: whether each works, what LINE messages are left, what is stuck. No words of residents here."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.delivery_words import Look, reason_told, reason_words
from admin.pages import page, redirect
from eservice.complaints import queries as complaints
from eservice.kit import audit, backup_runs, outbox
from eservice.kit.backup_runs import BACKUP_MAY_BE_OLD, DRILL_MAY_BE_OLD, DrillState, RunKind, RunState
from eservice.kit.errors import ServiceError
from eservice.kit.http import Reader, Uow
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date, thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import channels, credentials, delivery_queries, inbox
from eservice.messaging.models import ChannelName, ChannelState, DeliveryState
from eservice.staff.permissions import Permission, Principal

router = APIRouter(prefix="/channels")

HOME = "/admin/channels"
SHOWN = {
    "waiting": (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.CARRIED),
    "held": (DeliveryState.HELD,),
    "uncertain": (DeliveryState.UNCERTAIN,),
    "failed": (DeliveryState.FAILED,),
}
"""The figures of each channel and the delivery states that each of them counts."""


@dataclass(frozen=True, kw_only=True)
class ChannelCard:
    """One channel's health."""

    name: str
    state: Look
    hint: str
    connect_href: str
    facts: list[tuple[str, str]]
    figures: list[tuple[int, str]]
    raw_error: str  # as the platform said it


@dataclass(frozen=True, kw_only=True)
class Quota:
    """LINE's counted messages of this month. `percent` is None without a limit."""

    words: str
    detail: str
    percent: float | None
    tone: str
    checked: str


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A message of ours that failed or perhaps did not arrive."""

    id: int
    at: str
    channel: str
    look: Look
    reason: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Parked:
    """An event that was set aside."""

    id: int
    at: str
    channel: str
    reason: str
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Untold:
    """Something that happened and that nobody could be told of. `number` is its complaint's, if one may be named."""

    id: int
    at: str
    number: str
    reason: str
    attempts: int


@router.get("")
def show(
    request: Request, staff: Annotated[Principal, guarded(Permission.CHANNEL_READ)], reader: Reader
) -> Response:
    """The state of every channel, the month's allowance, and what is stuck."""
    console = console_of(request)
    texts = console.texts
    states = channels.all_states(reader)
    counts = delivery_queries.counts(reader)
    heard, sent = channels.last_inbound(reader), channels.last_accepted(reader)
    oldest = delivery_queries.oldest_due(reader)
    settings = _in_force(reader, console.settings)
    line_is_on = settings.line_enabled
    return page(
        request,
        "channels/channels.html",
        cards=[
            _card(
                texts,
                name,
                _is_on(settings, name),
                states.get(name),
                counts,
                heard.get(name),
                sent.get(name),
                reader.now,
            )
            for name in ChannelName
        ],
        quota=quota_of(texts, states.get(ChannelName.LINE), reader.now) if line_is_on else None,
        backup=_backup(texts, reader, console.settings),
        drill=_drill(texts, reader, console.settings),
        inbox_waiting=inbox.waiting_count(reader),
        outbox_since=thai_datetime(oldest) if oldest is not None else "",
        troubled=_troubled(reader, texts),
        parked=[
            Parked(
                id=event.id,
                at=thai_datetime(event.received_at),
                channel=_name(texts, event.channel),
                reason=event.reason or texts.get("channels.reason.unnamed"),
                attempts=event.attempts,
            )
            for event in inbox.parked(reader)
        ],
        untold=_untold(reader, texts, staff),
    )


def _backup(texts: Catalogue, reader: ReadOnly, settings: Settings) -> tuple[str, bool]:
    """When the last backup was made, and whether that is as it should be."""
    good = backup_runs.newest(reader, RunKind.BACKUP, RunState.OK)
    is_fresh = good is not None and reader.now - good.started_at <= BACKUP_MAY_BE_OLD
    if good is None:
        words = texts.get("channels.backup.none" if settings.backup_folder else "channels.backup.off")
    else:
        size = f"{good.bytes / 1e6:,.1f}"
        words = texts.get("channels.backup.last", time=thai_datetime(good.started_at), size=size)
    return words, is_fresh or (settings.backup_folder is None and settings.app_env == "local")


def _drill(texts: Catalogue, reader: ReadOnly, settings: Settings) -> tuple[str, bool]:
    """When a backup was last tried out and what came of it, and whether that is as it should be."""
    state, run = backup_runs.last_drill(reader)
    about = {"time": thai_datetime(run.started_at), "reason": run.reason} if run is not None else {}
    is_fine = state is DrillState.OK or (state is DrillState.NONE and settings.app_env == "local")
    return texts.get(f"channels.drill.{state.value}", days=DRILL_MAY_BE_OLD.days, **about), is_fine


@router.post("/parked/{event_id:int}/retry")
def retry(
    request: Request,
    staff: Annotated[Principal, guarded(Permission.EVENT_RETRY)],
    uow: Uow,
    event_id: int,
) -> Response:
    """Puts an event that was set aside back in line."""
    if not inbox.retry_parked(uow, event_id):
        return redirect(request, HOME, flash="channels.not_parked")
    audit.record(uow, actor=staff.username, action="event.retried", subject_kind="event", subject_id=event_id)
    request.app.state.signals.notify(uow, inbox.TOPIC)
    return redirect(request, HOME, flash="channels.retried")


@router.post("/untold/{event_id:int}/retry")
def tell_again(
    request: Request,
    staff: Annotated[Principal, guarded(Permission.EVENT_RETRY)],
    uow: Uow,
    event_id: int,
) -> Response:
    """Lets the people be told after all of something that could not be told."""
    if not outbox.retry_parked(uow, event_id):
        return redirect(request, HOME, flash="channels.not_parked")
    audit.record(uow, actor=staff.username, action="news.retried", subject_kind="news", subject_id=event_id)
    request.app.state.signals.notify(uow, outbox.TOPIC)
    return redirect(request, HOME, flash="channels.told_again")


def quota_of(texts: Catalogue, row: ChannelState | None, now: datetime) -> Quota:
    """The month's allowance in words, with a forecast from what was used so far."""
    if row is None or row.quota_checked_at is None:
        return Quota(
            words=texts.get("channels.quota.unknown"), detail="", percent=None, tone="neutral", checked=""
        )
    used, limit = row.quota_used or 0, row.quota_limit
    checked = texts.get("channels.quota.checked", time=thai_datetime(row.quota_checked_at))
    if limit is None:
        words = texts.get("channels.quota.unlimited", used=f"{used:,}")
        return Quota(words=words, detail="", percent=None, tone="done", checked=checked)
    left = channels.pushes_left(row) or 0
    words = texts.get("channels.quota.used", used=f"{used:,}", limit=f"{limit:,}")
    left_words = texts.get("channels.quota.left", left=f"{left:,}")
    if left == 0:
        forecast, tone = texts.get("channels.quota.spent"), "error"
    elif (day := runs_out_on(used, limit, now)) is None:
        forecast, tone = texts.get("channels.quota.lasts"), "done"
    else:
        forecast, tone = texts.get("channels.quota.runs_out", date=thai_date(day)), "warn"
    return Quota(
        words=words,
        detail=f"{left_words} · {forecast}",
        percent=100 * used / limit if limit else 100,
        tone=tone,
        checked=checked,
    )


def runs_out_on(used: int, limit: int, now: datetime) -> datetime | None:
    """When the allowance ends if the month goes on as it began; None when it lasts to the month's end."""
    today = local_date(now)
    days_in_month = calendar.monthrange(today.year, today.month)[1]
    if used == 0:
        return None
    days_left = (limit - used) * today.day / used  # at the average of the days so far, today included
    if today.day + days_left >= days_in_month:
        return None
    return now + timedelta(days=int(days_left))


def _card(
    texts: Catalogue,
    name: ChannelName,
    is_on: bool,
    row: ChannelState | None,
    counts: dict[tuple[ChannelName, DeliveryState], int],
    heard: datetime | None,
    sent: datetime | None,
    now: datetime,
) -> ChannelCard:
    never = texts.get("channels.none_yet")
    error = texts.get("channels.no_error")
    if row is not None and row.last_error_at is not None:
        error = f"{reason_words(texts, row.last_error)} · {thai_datetime(row.last_error_at)}"
    return ChannelCard(
        name=_name(texts, name),
        state=_state(texts, is_on, row, now),
        hint=_hint(texts, name, is_on, row),
        connect_href="" if name is ChannelName.WEB else f"{HOME}/{name.value}",
        facts=[
            (texts.get("channels.last_inbound"), _at(heard, never)),
            (texts.get("channels.last_accepted"), _at(sent, never)),
            (texts.get("channels.last_error"), error),
        ],
        figures=[
            (sum(counts.get((name, state), 0) for state in states), texts.get(f"channels.{key}"))
            for key, states in SHOWN.items()
        ],
        raw_error=reason_told(row.last_error) if row is not None and row.last_error_at is not None else "",
    )


def _state(texts: Catalogue, is_on: bool, row: ChannelState | None, now: datetime) -> Look:
    if not is_on:
        return Look(words=texts.get("channels.off"), tone="neutral", icon="minus")
    if row is not None and row.paused_until is not None and row.paused_until > now:
        words = texts.get("channels.paused", time=thai_datetime(row.paused_until))
        return Look(words=words, tone="warn", icon="pause")
    return Look(words=texts.get("channels.on"), tone="done", icon="check")


def _hint(texts: Catalogue, name: ChannelName, is_on: bool, row: ChannelState | None) -> str:
    if name is ChannelName.WEB:
        return texts.get("channels.web_note")
    if not is_on:
        return texts.get("channels.off_hint")
    return texts.get("channels.pushes_blocked") if row is not None and row.push_blocked_since else ""


def _troubled(reader: ReadOnly, texts: Catalogue) -> list[Trouble]:
    return [
        Trouble(
            id=delivery.id,
            at=thai_datetime(delivery.last_attempt_at or delivery.created_at),
            channel=_name(texts, delivery.channel),
            look=Look(words=texts.get("channels.failed"), tone="error", icon="alert")
            if delivery.state is DeliveryState.FAILED
            else Look(words=texts.get("channels.uncertain"), tone="warn", icon="question"),
            reason=reason_words(texts, delivery.reason) or texts.get("channels.reason.unnamed"),
            raw=reason_told(delivery.reason),
        )
        for delivery, _ in delivery_queries.troubled(reader)
    ]


def _untold(reader: ReadOnly, texts: Catalogue, staff: Principal) -> list[Untold]:
    return [
        Untold(
            id=event.id,
            at=thai_datetime(event.at),
            number=complaints.number_of_subject(reader, event.subject, staff) or "–",
            reason=event.reason or texts.get("channels.reason.unnamed"),
            attempts=event.attempts,
        )
        for event in outbox.parked(reader)
    ]


def _in_force(reader: ReadOnly, settings: Settings) -> Settings:
    """With what was entered in the console; keys that cannot be read turn no channel on."""
    try:
        return credentials.settings_in_force(reader, settings)
    except ServiceError:
        return settings


def _is_on(settings: Settings, name: ChannelName) -> bool:
    match name:
        case ChannelName.LINE:
            return settings.line_enabled
        case ChannelName.TELEGRAM:
            return settings.telegram_enabled
        case ChannelName.WEB:
            return True


def _name(texts: Catalogue, name: ChannelName) -> str:
    return texts.get(f"inquiries.channel.{name.value}")


def _at(at: datetime | None, never: str) -> str:
    return thai_datetime(at) if at is not None else never

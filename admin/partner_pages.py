"""What the pages about other systems show: each token, each address and each message, in words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from admin.delivery_words import Look
from admin.staff import role_words
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import queries, tokens
from eservice.staff.tokens import TokenRow
from eservice.webhooks import deliveries, subscriptions
from eservice.webhooks.models import WebhookDelivery, WebhookState, WebhookSubscription

SOON = timedelta(days=30)
SHOWN = 20  # messages of an address


@dataclass(frozen=True, kw_only=True)
class TokenLine:
    """A token in words. `is_open`: it still opens something."""

    name: str
    scopes: list[str]
    made: str
    used: str
    expires: str
    look: Look
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class WebhookLine:
    """An address in words. `latest` tells what came of the newest message."""

    name: str
    url: str
    kinds: str
    made: str
    latest: str
    lost: int
    look: Look
    is_active: bool
    is_paused: bool


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to an address; `raw` is the reason as the sender wrote it, for whoever runs the system."""

    key: str
    at: str
    kind: str
    look: Look
    reason: str
    raw: str
    next_try: str
    may_be_sent_again: bool


@dataclass(frozen=True, kw_only=True)
class NewsPage:
    """One address with its newest messages."""

    line: WebhookLine
    messages: list[Message]


# What the sender writes as a reason, by what it holds, and our word for it.
_REASONS = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"^removed$", "removed"),
        (r"^no outcome$", "no_outcome"),
        (r"not on the public internet", "not_public"),
        (r"no answer within", "no_answer"),
        (r"the name was not found", "no_name"),
        (r"^no connection", "no_connection"),
        (r"redirects are not followed", "redirect"),
        (r"^answered (401|403)", "key_refused"),
        (r"^answered 404", "no_such_page"),
        (r"^answered 410", "gone"),
        (r"^answered 429", "too_fast"),
        (r"^answered 5\d\d", "partner_broken"),
        (r"^answered", "refused"),
    )
)


def token_lines(reader: ReadOnly, texts: Catalogue) -> list[TokenLine]:
    """Every token; the caller has made sure that they may be seen."""
    departments = queries.department_names(reader)
    rows = tokens.all_tokens(reader)
    names = queries.names_by_username(reader, {row.created_by for row in rows})
    return [
        TokenLine(
            name=row.name,
            scopes=[role_words(texts, departments, grant) for grant in row.grants],
            made=_made(texts, names, row.created_by, row.created_at),
            used=thai_datetime(row.last_used_at) if row.last_used_at else texts.get("partners.never_used"),
            expires=thai_date(row.expires_at),
            look=_token_look(texts, row, reader.now),
            is_open=row.revoked_at is None and row.expires_at > reader.now,
        )
        for row in rows
    ]


def webhook_lines(reader: ReadOnly, texts: Catalogue) -> list[WebhookLine]:
    """Every address; the caller has made sure that they may be seen."""
    found = subscriptions.all_subscriptions(reader)
    names = queries.names_by_username(reader, {each.created_by for each in found})
    return [
        _line(reader, texts, each, names, deliveries.read_log(reader, each.id, limit=1)) for each in found
    ]


def news_of(reader: ReadOnly, texts: Catalogue, found: WebhookSubscription) -> NewsPage:
    """One address with its newest messages."""
    names = queries.names_by_username(reader, {found.created_by})
    newest = deliveries.read_log(reader, found.id, limit=SHOWN)
    return NewsPage(
        line=_line(reader, texts, found, names, newest),
        messages=[_message(texts, each, found.is_active) for each in newest],
    )


def _line(
    reader: ReadOnly,
    texts: Catalogue,
    found: WebhookSubscription,
    names: dict[str, str],
    newest: Sequence[WebhookDelivery],
) -> WebhookLine:
    latest = texts.get("partners.nothing_sent")
    if newest:
        look = _message_look(texts, newest[0])
        latest = f"{look.words} · {thai_datetime(newest[0].settled_at or newest[0].created_at)}"
    return WebhookLine(
        name=found.name,
        url=found.url,
        kinds=", ".join(texts.get(f"partners.kind.{kind}") for kind in found.kinds),
        made=_made(texts, names, found.created_by, found.created_at),
        latest=latest,
        lost=deliveries.count_given_up(reader, found.id),
        look=_webhook_look(texts, found),
        is_active=found.is_active,
        is_paused=found.paused_at is not None,
    )


def _message(texts: Catalogue, delivery: WebhookDelivery, is_active: bool) -> Message:
    raw = delivery.log[-1]["reason"] if delivery.log else ""
    is_waiting = delivery.state is WebhookState.QUEUED and delivery.attempts > 0
    return Message(
        key=delivery.key,
        at=thai_datetime(delivery.created_at),
        kind=texts.get(f"partners.kind.{delivery.kind.value}"),
        look=_message_look(texts, delivery),
        reason=_reason(texts, raw),
        raw=raw,
        next_try=thai_datetime(delivery.due_at) if is_waiting else "",
        may_be_sent_again=is_active and delivery.state is WebhookState.GIVEN_UP,
    )


def _reason(texts: Catalogue, raw: str) -> str:
    if not raw:
        return ""
    key = next((key for pattern, key in _REASONS if pattern.search(raw)), "other")
    return texts.get(f"partners.reason.{key}")


def _made(texts: Catalogue, names: dict[str, str], username: str, at: datetime) -> str:
    actor = f"records.actor.{username}"
    name = names.get(username, texts.get(actor) if texts.has(actor) else username)
    return texts.get("partners.made", name=name, date=thai_date(at))


def _token_look(texts: Catalogue, row: TokenRow, now: datetime) -> Look:
    if row.revoked_at is not None:
        key, tone, icon = "revoked", "neutral", "lock"
    elif row.expires_at <= now:
        key, tone, icon = "expired", "error", "clock"
    elif row.expires_at - now <= SOON:
        key, tone, icon = "expires_soon", "warn", "clock"
    else:
        key, tone, icon = "open", "done", "check"
    return Look(words=texts.get(f"partners.token_state.{key}"), tone=tone, icon=icon)


def _webhook_look(texts: Catalogue, found: WebhookSubscription) -> Look:
    if not found.is_active:
        key, tone, icon = "removed", "neutral", "minus"
    elif found.paused_at is not None:
        key, tone, icon = "paused", "info", "pause"
    else:
        key, tone, icon = "active", "done", "check"
    return Look(words=texts.get(f"partners.webhook_state.{key}"), tone=tone, icon=icon)


def _message_look(texts: Catalogue, delivery: WebhookDelivery) -> Look:
    match delivery.state:
        case WebhookState.DELIVERED:
            key, tone, icon = "delivered", "done", "check"
        case WebhookState.GIVEN_UP:
            key, tone, icon = "given_up", "error", "alert"
        case WebhookState.QUEUED if delivery.attempts:
            key, tone, icon = "again", "warn", "refresh"
        case WebhookState.QUEUED | WebhookState.SENDING:
            key, tone, icon = "on_the_way", "neutral", "send"
    return Look(words=texts.get(f"partners.message_state.{key}"), tone=tone, icon=icon)

"""How far our messages came, in honest words: accepted is not read, uncertain is not failed."""

import re
from dataclasses import dataclass

from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import ChannelName, Delivery, DeliveryState


@dataclass(frozen=True, kw_only=True)
class Look:
    """Words with a tone and, where the tone means something, an icon: colour never speaks alone."""

    words: str
    tone: str = "neutral"
    icon: str = ""


# What senders and channels write as a reason, by how it begins or what it holds, and our word for it.
_REASONS = tuple(
    (re.compile(pattern, re.IGNORECASE), key)
    for pattern, key in (
        (r"^blocked$", "blocked"),
        (r"^deactivated$", "deactivated"),
        (r"^unknown$", "unknown"),
        (r"monthly (allowance|limit)", "quota_spent"),
        (r"refuses the channel access token|InvalidToken|Unauthorized|answered 401", "token_refused"),
        (r"HTTPS URL must be provided|Invalid webhook endpoint", "not_https"),
        (r"bad webhook|resolve host", "webhook_address"),
        (r"blocked by the user", "blocked"),
        (r"user is deactivated", "deactivated"),
        (r"chat not found|user not found|Failed to send messages", "not_friend"),
        (r"not enough rights|have no rights|was kicked|CHAT_WRITE_FORBIDDEN", "no_rights"),
        (r"too (big|large|long)|answered 413", "too_big"),
        (r"can't parse|BUTTON_DATA_INVALID|request body has|while sending$", "malformed"),
        (r"\b429\b|TooMany|RetryAfter|rate limit", "too_fast"),
        (r"answered 5\d\d|HTTP 5\d\d|ServerError|Bad Gateway", "platform_down"),
        (r"could not connect|ConnectError|NetworkError", "no_connection"),
        (r"no answer|TimedOut|Timeout|ReadError", "no_answer"),
        (r"reply token", "token_over"),
        (r"the group moved", "group_moved"),
        (r"next message|shown again", "waits_for_contact"),
        (r" is off$", "channel_off"),
        (r"answered 4\d\d|BadRequest|Forbidden", "refused"),
    )
)


_OWN = re.compile(r"blocked|deactivated|unknown|\w+ is off")


def reason_words(texts: Catalogue, reason: str | None) -> str:
    """A sender's reason in our words, with what to do next; empty for none."""
    if not reason:
        return ""
    key = next((key for pattern, key in _REASONS if pattern.search(reason)), "other")
    return texts.get(f"channels.reason.{key}")


def reason_told(reason: str | None) -> str:
    """A sender's reason as the platform said it, for whoever runs the system; empty for what only we say."""
    return "" if not reason or _OWN.fullmatch(reason) else reason[:300]


def delivery_look(texts: Catalogue, delivery: Delivery, reader: ReadOnly) -> Look:
    """How far one of our messages came."""
    look = _waiting(delivery, reader) or _ended(delivery)
    key, tone, icon = look
    reason = reason_words(texts, delivery.reason) or texts.get("channels.reason.unnamed")
    return Look(words=texts.get(f"inquiries.sent.{key}", reason=reason), tone=tone, icon=icon)


def _waiting(delivery: Delivery, reader: ReadOnly) -> tuple[str, str, str] | None:
    match delivery.state:
        case DeliveryState.QUEUED if delivery.attempts:
            return "again", "warn", "refresh"
        case DeliveryState.QUEUED if delivery.due_at > reader.now and delivery.reply_token:
            return "waits_for_staff", "info", "clock"
        case DeliveryState.QUEUED | DeliveryState.SENDING:
            return "on_the_way", "neutral", "send"
        case DeliveryState.CARRIED:
            return "carried", "neutral", "send"
        case DeliveryState.HELD if delivery.reason == "blocked":
            return "held_blocked", "warn", "pause"
        case DeliveryState.HELD if delivery.reason in ("deactivated", "unknown"):
            return "held_gone", "warn", "pause"
        case DeliveryState.HELD if "monthly" in (delivery.reason or ""):
            return "held_spent", "warn", "pause"
        case DeliveryState.HELD:
            return "held", "info", "pause"
        case _:
            return None


def _ended(delivery: Delivery) -> tuple[str, str, str]:
    match delivery.state:
        case DeliveryState.ACCEPTED if delivery.channel is ChannelName.LINE and delivery.road == "push":
            return "line_push", "done", "check"
        case DeliveryState.ACCEPTED:
            return delivery.channel.value, "done", "check"
        case DeliveryState.UNCERTAIN if "shown again" in (delivery.reason or ""):
            return "uncertain_shown", "warn", "question"
        case DeliveryState.UNCERTAIN if delivery.settled_at is not None:
            return "uncertain_offered", "warn", "question"
        case DeliveryState.UNCERTAIN:
            return "uncertain", "warn", "question"
        case DeliveryState.CANCELLED:
            return "cancelled", "neutral", "close"
        case _:
            return "failed", "error", "alert"

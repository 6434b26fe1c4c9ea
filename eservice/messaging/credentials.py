"""Tokens and secrets of LINE and Telegram: entered in the console and sealed, or set in the environment, which wins."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from pydantic import SecretStr

from eservice.kit import audit
from eservice.kit.errors import conflict, invalid
from eservice.kit.settings import Settings
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import ChannelCredential, ChannelName

TOPIC = "channels"  # the signal upon which every process takes the credentials over
PURPOSE = "channel-token"  # of the seal
MAX_LENGTH = 500

_TELEGRAM_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{5,100}")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")

Platform: TypeAlias = Literal[ChannelName.LINE, ChannelName.TELEGRAM]


class Origin(StrEnum):
    """Where the credentials in force come from."""

    NOWHERE = "nowhere"
    ENVIRONMENT = "environment"
    CONSOLE = "console"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What may be shown of a channel's credentials. `ending` are the last characters of a token from the console."""

    origin: Origin
    ending: str = ""
    saved_by: str = ""
    saved_at: datetime | None = None


def settings_in_force(reader: ReadOnly, settings: Settings) -> Settings:
    """The settings with what was entered in the console, where the environment is silent.

    Raises ServiceError `secrets.other_key`.
    """
    for channel, (token_name, secret_name) in _NAMES.items():
        row = reader.session.get(ChannelCredential, channel)
        if row is not None and not _is_set(settings, channel):
            token, secret = _opened(settings, row)
            update = {token_name: SecretStr(token), secret_name: SecretStr(secret)}
            settings = settings.model_copy(update=update)
    return settings


def kept(reader: ReadOnly, settings: Settings, channel: Platform) -> Kept:
    """Where a channel's credentials come from, and who entered them. Raises ServiceError `secrets.other_key`."""
    if _is_set(settings, channel):
        return Kept(origin=Origin.ENVIRONMENT)
    row = reader.session.get(ChannelCredential, channel)
    if row is None:
        return Kept(origin=Origin.NOWHERE)
    token, _ = _opened(settings, row)
    return Kept(origin=Origin.CONSOLE, ending=token[-4:], saved_by=row.saved_by, saved_at=row.saved_at)


def checked(channel: Platform, token: str, secret: str) -> tuple[str, str]:
    """What was typed, if it may be a token and a secret; Telegram's secret is made up here.

    Raises ServiceError `channels.bad_keys` with its fields.
    """
    token, secret = token.strip(), secret.strip()
    if channel is ChannelName.TELEGRAM:
        if not _TELEGRAM_TOKEN.fullmatch(token):
            raise invalid("channels.bad_keys", token="invalid")  # noqa: S106 - a fault's code
        return token, secrets.token_urlsafe(32)
    faults = {name: "invalid" for name, text in (("token", token), ("secret", secret)) if not _is_key(text)}
    if faults:
        raise invalid("channels.bad_keys", **faults)
    return token, secret


def save(
    uow: UnitOfWork, settings: Settings, channel: Platform, *, token: str, secret: str, actor: str
) -> None:
    """Seals and keeps a channel's token and secret, in place of those before.

    Raises ServiceError `channels.set_elsewhere` when the environment has its own.
    """
    _refuse_if_set(settings, channel)
    sealer = settings.sealer(PURPOSE)
    row = uow.session.get(ChannelCredential, channel)
    is_new = row is None
    row = row or ChannelCredential(channel=channel)
    row.sealed_token, row.sealed_secret = sealer.seal(token), sealer.seal(secret)
    row.saved_by, row.saved_at = actor, uow.now
    uow.session.add(row)
    _record(uow, channel, "connected" if is_new else "keys_replaced", actor)


def forget(uow: UnitOfWork, settings: Settings, channel: Platform, *, actor: str) -> bool:
    """Forgets what was entered, which turns the channel off; whether there was anything.

    Raises ServiceError `channels.set_elsewhere`.
    """
    _refuse_if_set(settings, channel)
    row = uow.session.get(ChannelCredential, channel)
    if row is None:
        return False
    uow.session.delete(row)
    _record(uow, channel, "disconnected", actor)
    return True


_NAMES: dict[Platform, tuple[str, str]] = {
    ChannelName.LINE: ("line_channel_access_token", "line_channel_secret"),
    ChannelName.TELEGRAM: ("telegram_bot_token", "telegram_webhook_secret"),
}


def _is_set(settings: Settings, channel: Platform) -> bool:
    return settings.line_enabled if channel is ChannelName.LINE else settings.telegram_enabled


def _is_key(text: str) -> bool:
    return len(text) <= MAX_LENGTH and _PRINTABLE.fullmatch(text) is not None


def _refuse_if_set(settings: Settings, channel: Platform) -> None:
    if _is_set(settings, channel):
        raise conflict("channels.set_elsewhere")


def _opened(settings: Settings, row: ChannelCredential) -> tuple[str, str]:
    sealer = settings.sealer(PURPOSE)
    return sealer.open(row.sealed_token), sealer.open(row.sealed_secret)


def _record(uow: UnitOfWork, channel: ChannelName, verb: str, actor: str) -> None:
    """Who did it and when; never what was entered."""
    audit.record(
        uow, actor=actor, action=f"channel.{verb}", subject_kind="channel", subject_id=channel.value
    )  # fmt: skip

"""What the console asks of the platforms, whose clients it does not know: the port, and what it answers with.

What changes the office's settings at a platform is put on record, whoever does it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.messaging.credentials import Platform
from eservice.operations.doctor import Finding

NOTHING_TOUCHED = frozenset(
    {"channels.off", "channels.not_connected", "office.not_set_up", "secrets.other_key"}
)
"""Refusals that come before the platform is asked for anything."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a platform said of a token. `account` is whose it is, empty while the platform cannot be reached."""

    account: str
    reason: str = ""


class ChannelDesk(Protocol):
    """The platforms, as the console's page of a channel uses them. Every call is network: in no transaction."""

    def try_token(self, channel: Platform, token: str) -> Tried:
        """Whose token it is. Raises ServiceError `channels.token_refused`."""
        ...

    def register(self, channel: Platform) -> list[str]:
        """Tells the platform where to send messages; in Thai, line by line, what was done.

        Raises ServiceError `channels.off`, `channels.refused`.
        """
        ...

    def set_menu(self, channel: Platform) -> list[str]:
        """Draws and sets the menu; in Thai, line by line, what was done.

        Raises ServiceError `channels.off`, `channels.refused`, `office.not_set_up`.
        """
        ...

    def examine(self, channel: Platform) -> list[Finding]:
        """What `doctor` finds of the channel. Raises ServiceError `secrets.other_key`."""
        ...


@contextmanager
def on_record(
    database: Database, channel: Platform, what: Literal["registered", "menu_set", "set_up"], *, actor: str
) -> Iterator[None]:
    """Records what the block does with a platform, also when the platform refused midway. In no transaction."""
    try:
        yield
    except ServiceError as refusal:
        if refusal.code not in NOTHING_TOUCHED:
            _record(database, channel, what, actor, {"refused": refusal.code})
        raise
    _record(database, channel, what, actor, None)


def _record(
    database: Database, channel: Platform, what: str, actor: str, outcome: dict[str, str] | None
) -> None:
    with database.unit_of_work() as uow:
        audit.record(
            uow, actor=actor, action=f"channel.{what}", subject_kind="channel", subject_id=channel.value,
            after=outcome,
        )  # fmt: skip

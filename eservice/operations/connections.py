"""What the console asks of the platforms, whose clients it does not know: the port, and what it answers with."""

from dataclasses import dataclass
from typing import Protocol

from eservice.messaging.credentials import Platform
from eservice.operations.doctor import Finding


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

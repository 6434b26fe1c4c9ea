"""Small stand-ins for what is outside. The platforms render with the real renderers and answer as they are told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channel import Accepted, FetchOutcome, NotThere, Outcome, Request, Road
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.messaging.content import Bundle
from eservice.messaging.credentials import Platform
from eservice.messaging.models import ChannelName
from eservice.operations.connections import Tried
from eservice.operations.doctor import Finding


@dataclass
class FakePlatform:
    """A channel whose calls are kept in `calls` and answered from `outcomes`, then accepted.

    `files` holds what each media reference gives, in turn; the last one again and again.
    """

    name: ChannelName
    renderer: Callable[[Bundle], list[Request]]
    calls: list[tuple[Request, Road]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    files: dict[str, list[FetchOutcome]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def render(self, bundle: Bundle) -> list[Request]:
        return self.renderer(bundle)

    async def perform(self, request: Request, road: Road) -> Outcome:
        self.calls.append((request, road))
        return self.outcomes.pop(0) if self.outcomes else Accepted(platform_ref=str(len(self.calls)))

    async def fetch_media(self, media_ref: str, most_bytes: int) -> FetchOutcome:
        self.fetched.append(media_ref)
        plan = self.files.get(media_ref)
        if not plan:
            return NotThere(reason="no such file")
        return plan.pop(0) if len(plan) > 1 else plan[0]


class StoreAway:
    """An object store that cannot be reached."""

    def put(self, path: str, content: bytes) -> None:
        raise OSError("no route to the store")

    def delete(self, path: str) -> None:
        raise OSError("no route to the store")


@dataclass
class FakeDesk:
    """The platforms as the console asks them: what was asked is kept, and answered as told."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    tried: Tried = field(default_factory=lambda: Tried(account="อบต.น้ำใส (@obt)"))
    refusal: str = ""
    findings: list[Finding] = field(default_factory=list)

    def try_token(self, channel: Platform, token: str) -> Tried:
        self._note(channel, token)
        return self.tried

    def register(self, channel: Platform) -> list[str]:
        self._note(channel, "register")
        return ["ตั้งที่อยู่รับข้อความแล้ว"]

    def set_menu(self, channel: Platform) -> list[str]:
        self._note(channel, "menu")
        return ["ทำเมนูใหม่แล้ว 6 ช่อง"]

    def examine(self, channel: Platform) -> list[Finding]:
        self._note(channel, "examine")
        return self.findings

    def _note(self, channel: Platform, what: str) -> None:
        self.asked.append((channel.value, what))
        if self.refusal:
            parameters = {"channel": channel.value, "reason": "LINE refuses the channel access token (401)"}
            raise ServiceError(self.refusal, ErrorKind.CONFLICT, parameters=parameters)

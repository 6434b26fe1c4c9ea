"""Small stand-ins for the platforms: they render with the real renderers and answer as they are told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channel import Accepted, Outcome, Request, Road
from eservice.messaging.content import Bundle
from eservice.messaging.models import ChannelName


@dataclass
class FakePlatform:
    """A channel whose calls are kept in `calls` and answered from `outcomes`, then accepted."""

    name: ChannelName
    renderer: Callable[[Bundle], list[Request]]
    calls: list[tuple[Request, Road]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def render(self, bundle: Bundle) -> list[Request]:
        return self.renderer(bundle)

    async def perform(self, request: Request, road: Road) -> Outcome:
        self.calls.append((request, road))
        return self.outcomes.pop(0) if self.outcomes else Accepted(platform_ref=str(len(self.calls)))

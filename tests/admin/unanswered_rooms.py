"""An office whose residents ask what it has no answer for, for tests of that room."""

import re
from pathlib import Path

from httpx import Response

from admin import unanswered
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import InquiryKind
from eservice.kit.database import Database
from eservice.messaging import conversations
from eservice.messaging.models import ChannelName, ContactKind
from knowledge.entries import asks
from knowledge.entries.live import LiveDecision
from knowledge.entries.models import AskDecision
from tests.admin.answers import AnswerRooms
from tests.admin.visitors import Visitor

ADDRESS = "/admin/faq/unanswered"
DOGS = ("หมาจรจัดเยอะ ตลาด", "มีหมาจรจัดเยอะแถวตลาด", "หมาจรจัดเยอะมากตรงตลาด")


class UnansweredRooms(AnswerRooms):
    """Rooms of an office whose residents ask what it has no answer for."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder, [unanswered.router])

    def asked(
        self,
        person: str,
        text: str,
        *,
        decision: AskDecision = AskDecision.UNKNOWN,
        entry_id: int | None = None,
        helpful: bool | None = None,
        in_context: bool = False,
    ) -> int:
        """Somebody asks; returns the id of the message."""
        hits = ((entry_id, 0.5),) if entry_id is not None else ()
        with self.database.unit_of_work() as uow:
            talk = conversations.open_talk(
                uow, channel=ChannelName.WEB, address=person, kind=ContactKind.PERSON
            )
            message = conversations.record_heard(uow, talk.conversation, text=text)
            found = LiveDecision(
                kind=decision, confidence=0.1, hits=hits, explain=lambda: None, used_previous=in_context
            )  # type: ignore[arg-type]
            ask = asks.record_ask(uow, message.id, found)
            if helpful is not None:
                asks.feedback(uow, ask.id, helpful=helpful, conversation_id=talk.conversation.id)
            return message.id

    def left(self, person: str, text: str, kind: InquiryKind, department_id: int | None = None) -> int:
        """Somebody leaves a question with the office; returns the id of the message."""
        with self.database.unit_of_work() as uow:
            talk = conversations.open_talk(
                uow, channel=ChannelName.WEB, address=person, kind=ContactKind.PERSON
            )
            message = conversations.record_heard(uow, talk.conversation, text=text)
            inquiries.leave_question(uow, talk, message, kind=kind, department_id=department_id)
            return message.id

    def dogs(self) -> list[int]:
        return [self.asked(f"v{n}", text) for n, text in enumerate(DOGS)]


def headings(response: Response) -> list[str]:
    """The topics in the order of the page."""
    found = re.findall(r'<h2 class="card__title" id="topic-\d+">(.*?)</h2>', response.text)
    return [words.replace("\xa0", " ") for words in found]


def forms(response: Response, action: str) -> list[dict[str, list[str]]]:
    """The fields of the page's forms that post to an action."""
    found = []
    for form in re.findall(rf'<form[^>]*action="{ADDRESS}/{action}".*?</form>', response.text, re.DOTALL):
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form):
            fields.setdefault(name, []).append(value)
        found.append(fields)
    return found


def send(visitor: Visitor, action: str, fields: dict[str, list[str]]) -> Response:
    return visitor.client.post(f"{ADDRESS}/{action}", data=fields)

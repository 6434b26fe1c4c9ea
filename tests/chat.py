"""Speaks with the bot as residents do: `says`, `taps`, `sees`. Everything between is the real thing.

A `Village` is the whole conversation side of the product on a test database, with fake platforms at its
ends. Events enter as the platforms' own JSON and are worked on by `work`.
"""

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from obstore.store import MemoryStore
from sqlalchemy import inspect, select

from bot.channels.line import parse as line_parse
from bot.channels.line import render as line_render
from bot.channels.line.routes import raw_events
from bot.channels.telegram import parse as telegram_parse
from bot.channels.telegram import render as telegram_render
from bot.channels.telegram.routes import raw_event
from bot.channels.webchat import parse as web_parse
from bot.delivery import Sender
from bot.facts import FactsReader
from bot.inbound import RawEvent
from bot.intake import Intake, Processed
from bot.photos import PhotoFetcher
from eservice.complaints import held_photos, photos
from eservice.complaints.pictures import prepare
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.media import MediaStore
from eservice.kit.signals import Signals
from eservice.kit.text import Catalogue
from eservice.messaging import attempts
from eservice.messaging.content import Bundle, Button, LinkButton, bundle_from_json, plain_text
from eservice.messaging.models import (
    ChannelName,
    Contact,
    Conversation,
    Delivery,
    Direction,
    InboundEvent,
    Message,
)
from eservice.notifications.relay import Relay
from eservice.office import service as office
from eservice.staff.models import Department
from knowledge.entries import service as faq
from knowledge.entries.content import EntryContent
from knowledge.entries.live import LiveFaq
from tests.fakes import FakePlatform
from tests.learned import CLASSIFIER

ROOT = Path(__file__).parents[1]
TEXTS = Catalogue(ROOT / "bot/text", ROOT / "eservice/text")
_numbers = itertools.count(1)
_FROM_LINE = {"contentProvider": {"type": "line"}}

ENTRIES = (
    ("elderly-register", "ลงทะเบียนเบี้ยผู้สูงอายุที่ไหน", ("เบี้ยคนแก่ไปลงที่ไหน", "ตายายจะรับเบี้ยต้องไปแจ้งที่ใด")),
    ("elderly-documents", "ลงทะเบียนเบี้ยผู้สูงอายุใช้เอกสารอะไร", ("เบี้ยคนแก่เอาอะไรไปบ้าง", "หลักฐานขอเบี้ยยังชีพ")),
    ("sign-tax", "ภาษีป้ายคิดอย่างไร", ("ป้ายหน้าร้านเสียภาษีกี่บาท", "อัตราภาษีป้าย")),
    ("shop-register", "จดทะเบียนพาณิชย์ที่ไหน", ("เปิดร้านขายของต้องจดที่ไหน", "ทะเบียนการค้าทำที่ไหน")),
    ("food-permit", "เปิดร้านอาหารต้องขอใบอะไร", ("ขายข้าวแกงต้องมีใบอนุญาตไหม", "ใบอนุญาตร้านอาหาร")),
    ("build-permit", "ขออนุญาตก่อสร้างบ้าน", ("สร้างบ้านต้องขอใครก่อน", "ใบอนุญาตก่อสร้าง")),
)


@dataclass
class Village:
    """The conversation side on one database."""

    database: Database
    clock: FixedClock
    staff_present: bool = False
    line: FakePlatform = field(default_factory=lambda: FakePlatform(ChannelName.LINE, line_render.render))
    telegram: FakePlatform = field(
        default_factory=lambda: FakePlatform(ChannelName.TELEGRAM, telegram_render.render)
    )

    def __post_init__(self) -> None:
        with self.database.unit_of_work() as uow:
            facts = office.OfficeFacts(name="อบต.ทดสอบ", address="1 หมู่ 1")
            office.create_office(uow, facts, actor="test")
            department = Department(name="สำนักปลัด", position=0)
            uow.session.add(department)
            uow.session.flush()
            for key, question, variants in ENTRIES:
                content = EntryContent(
                    question=question,
                    variants=variants,
                    answer=f"คำตอบเรื่อง{question}\nมาที่ อบต. ในเวลาราชการ",
                    category="ทดสอบ",
                    department_id=department.id,
                    source="ระเบียบทดสอบ",
                )
                entry = faq.create_entry(uow, content, actor="test", key=key)
                faq.publish(uow, entry.id, number=1, actor="test")
        self.signals = Signals(self.database)
        self.faq = LiveFaq(self.database)
        self.faq.refresh()
        self.intake = Intake(
            database=self.database,
            signals=self.signals,
            parsers={
                ChannelName.LINE: line_parse.parse,
                ChannelName.TELEGRAM: lambda payload: telegram_parse.parse(payload, 100001, "our_bot"),
                ChannelName.WEB: web_parse.parse,
            },
            texts=TEXTS,
            faq=self.faq,
            complaints=CLASSIFIER,
            facts=FactsReader(self.database, "https://office.example"),
            staff_present=lambda reader: self.staff_present,
        )
        self.sender = Sender(
            self.database,
            {ChannelName.LINE: self.line, ChannelName.TELEGRAM: self.telegram}.get,
            lambda channel, outcome: None,
            self.signals,
        )
        self.media = MediaStore(MemoryStore())
        self.photos = self.photos_into(self.media)

    def photos_into(self, media: MediaStore) -> PhotoFetcher:
        """What fetches photos from the fake platforms into a store."""
        return PhotoFetcher(
            database=self.database,
            media=media,
            sources={ChannelName.LINE: self.line, ChannelName.TELEGRAM: self.telegram}.get,
            texts=TEXTS,
            signals=self.signals,
        )

    def receive(self, events: list[RawEvent]) -> None:
        """Stores raw events, as a webhook does before it answers 200."""
        asyncio.run(self.intake.store(events))

    def work(self) -> list[Processed]:
        """Works on every event that waits and sends everything that is due."""
        done: list[Processed] = []
        while (processed := self.intake.process_next()) is not None:
            done.append(processed)
            for job in processed.jobs:
                asyncio.run(self.sender.send(job))
        self.deliver()
        return done

    def relay(self) -> None:
        """Lets everything that happened have its consequences, and sends what comes of it."""
        relay = Relay(self.database, self.signals, TEXTS)
        while relay.process_next():
            pass
        self.deliver()

    def deliver(self) -> int:
        """Sends what is due; returns how many attempts were made."""
        made = 0
        while True:
            with self.database.unit_of_work() as uow:
                jobs = attempts.claim_due(uow)
            if not jobs:
                return made
            made += len(jobs)
            for job in jobs:
                asyncio.run(self.sender.send(job))

    def fetch_photos(self) -> int:
        """Fetches the photos that are due; returns how many attempts were made."""
        made = 0
        while jobs := self.photos.claim(limit=2):
            made += len(jobs)
            for job in jobs:
                asyncio.run(self.photos.fetch(job))
        self.deliver()
        return made

    def resident(self, channel: ChannelName = ChannelName.LINE) -> "Resident":
        """Somebody new."""
        number = next(_numbers)
        address = {
            ChannelName.LINE: f"U{number:032x}",
            ChannelName.TELEGRAM: str(10_000 + number),
            ChannelName.WEB: f"w{number:024x}",
        }[channel]
        return Resident(self, channel, address)

    def rows(self, table: type[Any]) -> list[Any]:
        """Every row of a table, oldest first."""
        with self.database.read() as reader:
            rows = list(reader.session.scalars(select(table).order_by(*inspect(table).primary_key)))
            reader.session.expunge_all()
            return rows


@dataclass
class Resident:
    """One person, or one group, on one channel."""

    village: Village
    channel: ChannelName
    address: str
    group: str | None = None
    seen: int = 0
    source: str = ""  # on the web: which network, as a hash

    def says(self, text: str, **message: Any) -> str:
        """Types a message; returns the platform's id of it."""
        ref = f"m{next(_numbers)}"
        match self.channel:
            case ChannelName.LINE:
                self._line("message", message={"id": ref, "type": "text", "text": text, **message})
            case ChannelName.TELEGRAM:
                ref = str(next(_numbers))
                self._telegram(message=self._message(ref, text=text, **message))
            case ChannelName.WEB:
                self._web(ref=ref, text=text)
        self.village.work()
        return ref

    def taps(self, label: str) -> None:
        """Taps the newest button with this label."""
        button = self.button(label)
        assert isinstance(button, Button), f"{label} opens a page"
        match self.channel:
            case ChannelName.LINE:
                self._line("postback", postback={"data": button.payload})
            case ChannelName.TELEGRAM:
                tapped = {"id": f"c{next(_numbers)}", "from": self._person(), "chat_instance": "1"}
                origin = {"message_id": 1, "date": self._seconds(), "chat": self._chat()}
                self._telegram(callback_query={**tapped, "data": button.payload, "message": origin})
            case ChannelName.WEB:
                self._web(ref=f"m{next(_numbers)}", action=button.payload, label=label)
        self.village.work()

    def sends_photo(self, media_ref: str, *, caption: str = "") -> str:
        """Sends a photo that the platform gives out for `media_ref`; returns the platform's id of the message."""
        match self.channel:
            case ChannelName.LINE:
                assert not caption, "LINE's photos have none"
                self._line("message", message={"id": media_ref, "type": "image", **_FROM_LINE})
                self.village.work()
                return media_ref
            case ChannelName.TELEGRAM:
                ref = str(next(_numbers))
                sizes = [{"file_id": "small", "width": 90}, {"file_id": media_ref, "width": 1280}]
                words = {"caption": caption} if caption else {}
                self.sends_update(message=self._message(ref, photo=sizes, **words))
                return ref
            case ChannelName.WEB:
                raise AssertionError("on the web a photo is uploaded")

    def uploads_photo(self, content: bytes) -> str:
        """On the web: sends a photo's file, then the message that brings it; returns the photo's id."""
        kept = photos.keep(self.village.media, prepare(content))
        with self.village.database.unit_of_work() as uow:
            attachment = photos.reference_of(held_photos.hold(uow, self.contact().id, kept))
        self.brings_photo(attachment)
        return attachment

    def brings_photo(self, attachment: str) -> None:
        """On the web: sends the message that brings an uploaded photo."""
        self._web(ref=f"m{next(_numbers)}", attachment=attachment)
        self.village.work()

    def shares_location(self, latitude: float, longitude: float, label: str = "") -> None:
        """Sends a pin."""
        match self.channel:
            case ChannelName.LINE:
                pin = {"latitude": latitude, "longitude": longitude, "address": label}
                self._line("message", message={"id": f"m{next(_numbers)}", "type": "location", **pin})
            case ChannelName.TELEGRAM:
                pin = {"latitude": latitude, "longitude": longitude}
                self._telegram(message=self._message(str(next(_numbers)), location=pin))
            case ChannelName.WEB:
                pin = {"lat": latitude, "lon": longitude, "label": label}
                self._web(ref=f"m{next(_numbers)}", location=pin)
        self.village.work()

    def follows(self) -> None:
        """Adds us (LINE), presses start (Telegram), opens the chat (web)."""
        match self.channel:
            case ChannelName.LINE:
                self._line("follow", follow={"isUnblocked": False})
            case ChannelName.TELEGRAM:
                self.says("/start")
                return
            case ChannelName.WEB:
                self._web(ref=f"m{next(_numbers)}", action="start")
        self.village.work()

    def does(self, kind: str, *, reply: bool = True, **fields: Any) -> None:
        """Any LINE event."""
        self._line(kind, reply=reply, **fields)
        self.village.work()

    def sends_update(self, **fields: Any) -> None:
        """Any Telegram update."""
        self._telegram(**fields)
        self.village.work()

    def heard(self) -> list[Bundle]:
        """Everything said to this person so far."""
        with self.village.database.read() as reader:
            stored = reader.session.scalars(
                select(Message)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .join(Contact, Contact.id == Conversation.contact_id)
                .where(Contact.address == (self.group or self.address), Message.direction == Direction.OUT)
                .order_by(Message.id)
            ).all()
            return [bundle_from_json(message.content) for message in stored if message.content]

    def sees(self, *words: str) -> str:
        """What was said since the last look; fails unless it holds all the words."""
        bundles = self.heard()
        fresh, self.seen = bundles[self.seen :], len(bundles)
        text = "\n".join([*map(plain_text, fresh), *(button.label for b in fresh for button in _buttons(b))])
        for word in words:
            assert word in text, f"{word!r} is not in {text!r}"
        assert fresh or not words
        return text

    def sees_nothing(self) -> None:
        """Nothing was said since the last look."""
        assert self.sees() == ""

    def button(self, label: str) -> Button | LinkButton:
        """The newest button with this label."""
        for bundle in reversed(self.heard()):
            for button in _buttons(bundle):
                if button.label == label:
                    return button
        raise AssertionError(f"no button {label!r}")

    def contact(self) -> Contact:
        with self.village.database.read() as reader:
            address = self.group or self.address
            contact = reader.session.scalars(select(Contact).where(Contact.address == address)).one()
            reader.session.expunge_all()
            return contact

    def deliveries(self) -> list[Delivery]:
        """This person's deliveries, oldest first."""
        return [d for d in self.village.rows(Delivery) if d.contact_id == self.contact().id]

    def line_event(self, kind: str, *, reply: bool = True, **fields: Any) -> dict[str, Any]:
        """A LINE webhook event as the platform writes it."""
        number = next(_numbers)
        source = (
            {"type": "group", "groupId": self.group, "userId": self.address}
            if self.group
            else {"type": "user", "userId": self.address}
        )
        event = {
            "type": kind,
            "mode": "active",
            "timestamp": int(self.village.clock.now().timestamp() * 1000) + number,
            "source": source,
            "webhookEventId": f"01{number:024d}",
            "deliveryContext": {"isRedelivery": False},
            **fields,
        }
        return {**event, "replyToken": f"r{number:031d}"} if reply else event

    def _line(self, kind: str, *, reply: bool = True, **fields: Any) -> None:
        body = json.dumps({"destination": "Ubot", "events": [self.line_event(kind, reply=reply, **fields)]})
        self.village.receive(raw_events(body.encode()) or [])

    def _telegram(self, **fields: Any) -> None:
        event = raw_event(json.dumps({"update_id": next(_numbers), **fields}).encode())
        assert event is not None
        self.village.receive([event])

    def _web(self, **event: Any) -> None:
        number = next(_numbers)
        payload = {
            "session": self.address,
            "ms": int(self.village.clock.now().timestamp() * 1000),
            "from": self.source,
            **event,
        }
        self.village.receive(
            [
                RawEvent(
                    channel=ChannelName.WEB,
                    event_id=f"{self.address}:{event['ref']}",
                    conversation_key=f"web:{self.address}",
                    occurred_ms=number,
                    payload=json.dumps(payload),
                    message_ref=event["ref"],
                )
            ]
        )

    def _message(self, ref: str, **fields: Any) -> dict[str, Any]:
        message = {
            "message_id": int(ref),
            "date": self._seconds(),
            "chat": self._chat(),
            "from": self._person(),
            **fields,
        }
        text = fields.get("text", "")
        if text.startswith("/"):
            command = text.split()[0]
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]
        return message

    def _chat(self) -> dict[str, Any]:
        if self.group:
            return {"id": int(self.group), "type": "supergroup", "title": "หมู่ 4"}
        return {"id": int(self.address), "type": "private", "first_name": "สมชาย"}

    def _person(self) -> dict[str, Any]:
        return {"id": int(self.address), "is_bot": False, "first_name": "สมชาย"}

    def _seconds(self) -> int:
        return int(self.village.clock.now().timestamp())


def parked(village: Village) -> list[InboundEvent]:
    """The events set aside."""
    return [event for event in village.rows(InboundEvent) if event.state.value == "parked"]


def _buttons(bundle: Bundle) -> list[Button | LinkButton]:
    found: list[Button | LinkButton] = []
    for part in bundle.parts:
        found += getattr(part, "options", ())
        found += getattr(part, "buttons", ())
    return [*found, *bundle.quick_replies]

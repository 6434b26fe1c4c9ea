"""The web chat's API, as the widget uses it: sessions, messages in, messages out, and a stream of them.

A message in takes the same road as LINE's and Telegram's: committed as an event first, worked on after.
Requests from other sites are answered only for the origins that the office allowed.
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from bot.channels.webchat import sessions
from bot.channels.webchat.render import render
from bot.channels.webchat.sessions import Visitor
from bot.inbound import RawEvent
from eservice.complaints import floods, guesses, held_photos, photos, uploads
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import Db, Reader, Uow, client_address, note_caller
from eservice.kit.media_http import MAX_PHOTO_BODY_BYTES, PHOTO_FORM, Media, read_files, the_file
from eservice.kit.signals import Signals
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import conversations
from eservice.messaging.content import bundle_from_json
from eservice.messaging.models import ChannelName, Direction, Message, Speaker

MAX_TEXT = 100_000
MAX_BODY_BYTES = 1_000_000  # the longest text, with every character written as an escape, and some room
PAGE = 50
STREAM_LOOK_SECONDS = 15.0
STREAMS_OF_ONE_VISITOR = 4  # tabs of one browser
STREAMS_OPEN = 500  # of one process
STREAM_SECONDS = 600.0  # then the browser opens a new one

Authorization = Annotated[str | None, Header()]


def _sender(request: Request, database: Db, authorization: Authorization = None) -> Visitor:
    """The visitor, known before anything of the body is read."""
    with database.read() as reader:
        visitor = _visitor(request, reader, authorization)
        sessions.check_rate(reader, visitor)
    return visitor


def _visitor(request: Request, reader: ReadOnly, authorization: str | None) -> Visitor:
    visitor = sessions.find(reader, authorization)
    _note(request, visitor.session_id)
    return visitor


def _note(request: Request, session_id: str) -> None:
    note_caller(request, persons=[(ChannelName.WEB.value, session_id)], session=session_id)


Sender: TypeAlias = Annotated[Visitor, Depends(_sender)]


async def _chosen_file(request: Request, visitor: Sender) -> UploadFile:
    return await the_file(request)


ChosenFile: TypeAlias = Annotated[UploadFile, Depends(_chosen_file)]


class NewSession(BaseModel):
    """What a new visitor's browser keeps."""

    session_id: str
    token: str


class SessionWish(BaseModel):
    """How a visitor wishes to be spoken to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    language: str = Field(default="th", pattern="^(th|en)$")


class Place(BaseModel):
    """A pin, WGS 84 degrees."""

    model_config = ConfigDict(extra="forbid")

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    label: str = Field("", max_length=200)


class NewMessage(BaseModel):
    """One thing a visitor says: words, a tapped button, a pin or a photo. `client_message_id` makes a retry harmless."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, max_length=MAX_TEXT)
    action: str | None = Field(None, max_length=60)
    label: str | None = Field(None, max_length=300, description="what the tapped button showed")
    location: Place | None = None
    attachment_id: str | None = Field(None, min_length=1, max_length=40, description="of a photo sent before")
    client_message_id: str | None = Field(None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "NewMessage":
        said = [
            thing
            for thing in (self.text, self.action, self.location, self.attachment_id)
            if thing is not None
        ]
        if len(said) != 1:
            raise ValueError("exactly one of text, action, location and attachment_id")
        return self


class Received(BaseModel):
    """The message is stored; its answer comes with the messages."""

    id: str


class HeldPhoto(BaseModel):
    """A photo is here, and waits half an hour for the message that brings it."""

    attachment_id: str


class Page(BaseModel):
    """Messages after a cursor, oldest first."""

    items: list[dict[str, Any]]
    cursor: str


def create_router(
    *,
    database: Database,
    signals: Signals,
    store: Callable[[Sequence[RawEvent]], None],
    is_stopping: Callable[[], bool],
) -> APIRouter:
    """The routes under /api/v1/chat. `store` commits events, as `bot.intake` does for every channel."""
    router = APIRouter(prefix="/api/v1/chat", tags=["chat"], max_body_size=MAX_BODY_BYTES)
    streams = StreamCount()

    @router.post("/sessions", status_code=201)
    def begin_session(request: Request, uow: Uow, wish: SessionWish | None = None) -> NewSession:
        """Begins a visitor's session."""
        session = sessions.begin(uow, (wish or SessionWish()).language)
        _note(request, session.session_id)
        return NewSession(session_id=session.session_id, token=session.token)

    @router.post("/messages", status_code=202)
    def send_message(request: Request, message: NewMessage, authorization: Authorization = None) -> Received:
        """Takes what a visitor says. It is stored when this answers."""
        with database.read() as reader:
            visitor = _visitor(request, reader, authorization)
            sessions.check_rate(reader, visitor)
            if message.attachment_id is not None:
                held_photos.sent_by(reader, visitor.contact_id, message.attachment_id)
        event = _event(visitor, message, client_address(request))
        store([event])
        return Received(id=event.event_id)

    @router.post(
        "/attachments",
        status_code=201,
        max_body_size=MAX_PHOTO_BODY_BYTES,
        openapi_extra={
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": PHOTO_FORM}}}
        },
    )
    def send_photo(
        request: Request, visitor: Sender, file: ChosenFile, media: Media, database: Db
    ) -> HeldPhoto:
        """Takes a photo, as multipart/form-data in the field `file`. A message then brings it.

        JPEG, PNG or WebP, at most 10 MB and 40 million pixels.
        """
        with database.read() as reader:
            held_photos.require_room(reader, visitor.contact_id)
        floods.admit_photo(database, client_address(request))
        (content,) = read_files([file], MAX_BYTES)
        with uploads.kept_for(media, content) as kept, database.unit_of_work() as uow:
            photo = held_photos.hold(uow, visitor.contact_id, kept)
            return HeldPhoto(attachment_id=photos.reference_of(photo))

    @router.get("/messages")
    def read_messages(
        request: Request,
        reader: Reader,
        authorization: Authorization = None,
        after: Annotated[str, Query(pattern=r"^[0-9]{0,12}$")] = "",
    ) -> Page:
        """What was said after the cursor, both ways."""
        visitor = _visitor(request, reader, authorization)
        stored = conversations.transcript(reader, visitor.conversation_id, after=int(after or 0), limit=PAGE)
        return _page(stored, after)

    @router.get(
        "/stream",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "events of `messages`"}},
    )
    async def stream(
        request: Request,
        authorization: Authorization = None,
        after: Annotated[str, Query(pattern=r"^[0-9]{0,12}$")] = "",
    ) -> StreamingResponse:
        """The same messages as server-sent events, as they come; the id of each is the cursor."""
        visitor = await run_in_threadpool(_find, request, database, authorization)
        begin = request.headers.get("last-event-id") or after or "0"
        cursor = int(begin) if begin.isdigit() and len(begin) <= 12 else 0
        if not streams.has_room(visitor.conversation_id):
            raise ServiceError("http.too_many", ErrorKind.TOO_MANY, retry_after_seconds=20)
        events = _stream(database, signals, visitor, cursor, is_stopping, streams)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    return router


class StreamCount:
    """How many streams are open in this process; each holds a socket, so they are bounded."""

    def __init__(self) -> None:
        self._open: Counter[int] = Counter()

    def has_room(self, conversation_id: int) -> bool:
        """Whether one more stream of this conversation may open."""
        return self._open[conversation_id] < STREAMS_OF_ONE_VISITOR and self._open.total() < STREAMS_OPEN

    @contextmanager
    def counted(self, conversation_id: int) -> Iterator[None]:
        """Counts a stream for as long as the block lasts."""
        self._open[conversation_id] += 1
        try:
            yield
        finally:
            self._open[conversation_id] -= 1
            if not self._open[conversation_id]:
                del self._open[conversation_id]


async def _stream(
    database: Database,
    signals: Signals,
    visitor: Visitor,
    cursor: int,
    is_stopping: Callable[[], bool],
    streams: StreamCount,
) -> AsyncIterator[str]:
    ends = time.monotonic() + STREAM_SECONDS
    topic = f"conversation:{visitor.conversation_id}"
    with streams.counted(visitor.conversation_id), signals.waiting(topic) as waiter:
        while not is_stopping() and time.monotonic() < ends:
            page = await run_in_threadpool(_read_page, database, visitor.conversation_id, cursor)
            if page.items:
                cursor = int(page.cursor)
                data = json.dumps(page.model_dump(), ensure_ascii=False)
                yield f"id: {cursor}\nevent: messages\ndata: {data}\n\n"
                continue
            if not await waiter.wait(STREAM_LOOK_SECONDS):
                yield ": still here\n\n"
            await asyncio.sleep(0)


def _find(request: Request, database: Database, authorization: str | None) -> Visitor:
    with database.read() as reader:
        return _visitor(request, reader, authorization)


def _read_page(database: Database, conversation_id: int, cursor: int) -> Page:
    with database.read() as reader:
        stored = conversations.transcript(reader, conversation_id, after=cursor, limit=PAGE)
        return _page(stored, str(cursor))


def _event(visitor: Visitor, message: NewMessage, address: str) -> RawEvent:
    milliseconds = time.time_ns() // 1_000_000
    client_id = message.client_message_id
    ref = hashlib.sha256(client_id.encode()).hexdigest()[:32] if client_id else uuid.uuid4().hex
    event: dict[str, Any] = {
        "session": visitor.session_id,
        "ms": milliseconds,
        "ref": ref,
        "from": guesses.hashed(address),
    }
    if message.text is not None:
        event["text"] = message.text
    elif message.action is not None:
        event["action"], event["label"] = message.action, message.label
    elif message.attachment_id is not None:
        event["attachment"] = message.attachment_id
    elif message.location is not None:
        event["location"] = message.location.model_dump()
    return RawEvent(
        channel=ChannelName.WEB,
        event_id=f"{visitor.session_id}:{ref}",
        conversation_key=f"web:{visitor.session_id}",
        occurred_ms=milliseconds,
        payload=json.dumps(event, ensure_ascii=False),
        message_ref=ref,
    )


def _page(stored: Any, after: str) -> Page:
    items = [item for message in stored for item in _items(message)]
    cursor = str(stored[-1].id) if stored else (after or "0")
    return Page(items=items, cursor=cursor)


def _items(message: Message) -> list[dict[str, Any]]:
    at = message.created_at.isoformat()
    if message.direction is Direction.IN:
        kind = "erased" if message.erased_at else message.kind
        ref = message.platform_ref or ""
        item = {
            "id": str(message.id),
            "sender": "visitor",
            "kind": kind,
            "text": message.text,
            "at": at,
            "ref": ref,
        }
        return [item]
    if message.content is None:
        return []
    bundle = bundle_from_json(message.content)
    sender = "staff" if message.speaker is Speaker.STAFF else "bot"
    return [
        {
            **item,
            "id": f"{message.id}.{number}",
            "sender": sender,
            "sender_name": bundle.sender_name,
            "at": at,
        }
        for number, item in enumerate(render(bundle))
    ]

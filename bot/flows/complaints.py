"""What taps, pins and photos mean for complaints, outside and within their dialogs."""

import re

import structlog

from bot.commands import read_command
from bot.flows import checks, dialogs, file_complaint, follow_complaint, limits, main_menu
from bot.flows.file_complaint import FILE
from bot.flows.turn import Turn
from bot.inbound import SentMedia
from eservice.complaints import residents
from eservice.complaints.cases import Resident
from eservice.complaints.numbers import shown
from eservice.complaints.spots import find_spot
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.messaging import conversations
from eservice.messaging.models import ContactKind, Handler, Message
from knowledge.classify.intents import IntentLabel, classify_intent
from knowledge.emergency import find_emergency

_SPOT = re.compile(r"(?:จุด|spot)[\s-]?([A-Za-z0-9-]{6,7})", re.IGNORECASE)

log = structlog.get_logger()


def begin(turn: Turn) -> None:
    """แจ้งเรื่อง in the menu; who is telling something already goes on with it."""
    here = dialogs.current(turn)
    if here is not None and here[1].flow == FILE.name:
        dialogs.repeat(turn)
    else:
        file_complaint.begin(turn)


def report(turn: Turn, message_id: int, *, is_meant: bool) -> None:
    """แจ้งเรื่องนี้: with the words of a message that is there already."""
    message = turn.own_message(message_id)
    if message is None or not message.text.strip():
        turn.say(turn.text("leave.forgotten"))
        file_complaint.begin(turn)
        return
    file_complaint.begin_with(turn, message, is_meant=is_meant)


def tap(turn: Turn, name: str, number: str, more: list[str]) -> None:
    """A button about one case. What cannot be done any more is said in words, with the case as it is now.

    Looking at a case leaves an open dialog open; whatever else is done with it puts the dialog aside.
    """
    try:
        if (name, more) == ("case", []):
            follow_complaint.show(turn, number)
            dialogs.repeat(turn)
            return
        dialogs.put_aside(turn)  # the person has turned to something else
        match name, more:
            case "casesay", []:
                follow_complaint.begin_say(turn, number)
            case "caseadd", [message_id] if message_id.isascii() and message_id.isdigit():
                _add_words(turn, number, int(message_id))
            case "casenot", []:
                follow_complaint.begin_object(turn, number)
            case "casefixed", []:
                follow_complaint.fixed(turn, number)
            case "casedrop", []:
                follow_complaint.ask_withdraw(turn, number)
            case "casedrop", ["yes"]:
                follow_complaint.withdraw(turn, number)
            case "caseleave", []:
                follow_complaint.leave(turn, number)
            case "caserate", [stars] if stars in ("1", "2", "3", "4", "5"):
                follow_complaint.rate(turn, number, int(stars))
            case _:
                raise ServiceError("complaints.not_found", ErrorKind.NOT_FOUND)
    except ServiceError as refusal:
        turn.say(turn.text(f"errors.{refusal.code}"))
        if refusal.code == "complaints.not_found":
            limits.count_wrong(turn)
        if refusal.code in ("complaints.not_found", "complaints.too_many_tries"):
            main_menu.offer_menu(turn)
        else:
            turn.offer(turn.button("track.look", f"case:{number}"))


def _add_words(turn: Turn, number: str, message_id: int) -> None:
    """Puts words that were said before into a case of this person's."""
    message = turn.own_message(message_id)
    if message is None or not message.text.strip():
        turn.say(turn.text("leave.forgotten"))
        return
    residents.say(turn.uow, number, Resident(contact_id=turn.talk.contact.id), message.text)
    turn.say(turn.text("track.said", number=shown(number)))
    turn.offer(turn.button("track.look", f"case:{number}"))


def take_place_in_words(turn: Turn, message: Message) -> bool:
    """Where it is, typed below an answer that offered to report the matter: the report begins with both."""
    offer = next((b.payload for b in (*turn.offered, *turn.aside) if b.payload.startswith("report:")), "")
    told = turn.own_message(int(offer.split(":")[1])) if offer else None
    if told is None or not checks.is_only_place(message.text):
        return False
    if classify_intent(message.text).label is IntentLabel.QUESTION:
        return False
    file_complaint.begin_with(turn, told, place=message)
    return True


def take_pin(turn: Turn, message: Message) -> None:
    """A pin that nobody asked for begins a case: what is the matter there?"""
    file_complaint.begin(turn, place=message)


def begin_at_spot(turn: Turn, typed_code: str) -> bool:
    """Begins a case at a place with a QR sign; False for a code that nobody knows."""
    spot = find_spot(turn.uow, typed_code)
    if spot is None:
        return False
    label = f"{spot.name} {spot.village}".strip()
    message = conversations.record_heard(
        turn.uow,
        turn.talk.conversation,
        text=label,
        kind="location",
        content={"latitude": spot.latitude, "longitude": spot.longitude, "label": label},
    )
    turn.say(turn.text("report.at_spot", spot=label))
    file_complaint.begin(turn, place=message, category=spot.category)
    return True


def begin_at_typed_spot(turn: Turn, text: str) -> bool:
    """The same for "จุด K7RM4W", which a sign's link to LINE types for people."""
    typed = _SPOT.fullmatch(text.strip())
    return typed is not None and begin_at_spot(turn, typed.group(1))


def take_photo(turn: Turn, message: Message, photo: SentMedia) -> bool:
    """A photo: for the case being told or spoken of, for the one just told, or for one that begins with it.

    Of photos sent in one go only the first is answered. False when words that came with it have found their
    place too.
    """
    is_alone = not message.text.strip()
    if turn.talk.contact.kind is ContactKind.GROUP:
        return not is_alone
    is_more = is_alone and photo.album != "" and photo.album == turn.state.album
    turn.state.album = photo.album
    media_ref = photo.media_ref or ""
    number = _case_of_photo(turn) if is_alone else None
    if number is not None:
        try:
            follow_complaint.add_photo(turn, message, media_ref, number, is_answered=not is_more)
            if not is_more:
                dialogs.repeat(turn)
            return False
        except ServiceError as refusal:  # closed meanwhile, or full of photos: then it is a new matter
            log.info("complaints.photo_refused", code=refusal.code)
    try:
        follow_complaint.note_photo(turn, message, media_ref)
        if not is_more:
            turn.say(turn.text("report.photo_kept"))
    except ServiceError as refusal:
        turn.say(turn.text(f"errors.{refusal.code}"))
    if is_alone and not is_more and not dialogs.repeat(turn):
        file_complaint.begin(turn)
    return not is_alone


def begins_with_photo(turn: Turn, message: Message) -> bool:
    """A photo whose words tell of a problem is a case, whatever the FAQ knows; says whether it is one."""
    is_free = turn.state.run is None and turn.talk.conversation.handler is Handler.BOT
    text = message.text
    if not is_free or find_emergency(text) is not None or read_command(text) is not None:
        return False
    if classify_intent(text).label is not IntentLabel.PROBLEM:
        return False
    file_complaint.begin_with(turn, message)
    return True


def _case_of_photo(turn: Turn) -> str | None:
    """The filed case that a photo belongs to; None when it belongs to one that is still to be told."""
    here = dialogs.current(turn)
    if here is not None:
        return follow_complaint.number_of(here[1])
    return turn.recent_case or follow_complaint.asked_about(turn)

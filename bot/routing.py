"""Routing: what one event means here, in this state. The order of the questions is the policy.

Emergencies come before everything; then commands, buttons, the staff's own conversations, the open
dialog, and at last the question in free Thai.
"""

from typing import assert_never

import structlog

from bot.commands import read_command
from bot.dialog.flow import CANCEL, read_payload
from bot.flows import (
    ask_question,
    complaints,
    dialogs,
    emergencies,
    follow_complaint,
    languages,
    main_menu,
    my_data,
    personal,
    taking_back,
    talk_to_staff,
)
from bot.flows.turn import Turn
from bot.inbound import (
    AccountLinked,
    Blocked,
    Edited,
    Ignored,
    JoinedGroup,
    MediaKind,
    Said,
    SentMedia,
    SharedLocation,
    Started,
    Tapped,
    Unblocked,
    Unsent,
    Unsupported,
)
from bot.typed_replies import Nod, Tap, TypedReply, WhichOne, read_reply
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import InquiryKind
from eservice.kit.errors import ServiceError
from eservice.messaging import conversations, deliveries
from eservice.messaging.content import Button, Choices
from eservice.messaging.models import ContactKind, Handler, Message, Reachability
from knowledge.entries import confirmations

log = structlog.get_logger()

SPOT_LINK = "spot-"  # a deep link's parameter that begins a case at a place with a sign: spot-<code>
ENTRY_LINK = "faq-"  # a deep link's parameter that opens one answer: faq-<key>


def route(turn: Turn) -> None:
    """Does what the event asks for, in the turn's unit of work, and says what is to be said."""
    inbound = turn.inbound
    body = inbound.body
    if not inbound.addressed and not isinstance(body, Unsent | Edited | Blocked | Unblocked | JoinedGroup):
        return  # talk among people in a group: neither answered nor kept
    if taking_back.was_taken_back(turn):
        return
    match body:
        case Said(text=text, message_ref=ref):
            _said(turn, text, ref)
        case Tapped(payload=payload, label=label, message_ref=ref):
            if label:  # so that the record reads as the talk went
                conversations.record_heard(
                    turn.uow, turn.talk.conversation, text=label, kind="tap", platform_ref=ref
                )
            _tap(turn, payload)
        case SharedLocation():
            _location(turn, body)
        case SentMedia():
            _media(turn, body)
        case Edited(message_ref=ref, text=text):
            _edited(turn, ref, text)
        case Unsent(message_ref=ref):
            taking_back.take_back(turn, ref)
        case Started(parameter=parameter):
            _started(turn, parameter)
        case Blocked():
            conversations.set_reachability(turn.uow, turn.talk.contact, Reachability.BLOCKED)
        case Unblocked():
            conversations.set_reachability(turn.uow, turn.talk.contact, Reachability.ACTIVE)
        case JoinedGroup():
            conversations.set_reachability(turn.uow, turn.talk.contact, Reachability.ACTIVE)
            main_menu.welcome_group(turn)
        case AccountLinked():
            turn.say(turn.text("linked.not_available"))
        case Unsupported():
            turn.say(turn.text("media.unsupported"))
            main_menu.offer_menu(turn)
        case Ignored():
            pass
        case _:
            assert_never(body)


def _said(turn: Turn, text: str, ref: str | None) -> None:
    message = conversations.record_heard(turn.uow, turn.talk.conversation, text=text, platform_ref=ref)
    languages.follow(turn, text)
    _answer(turn, message, text)
    personal.warn_of_card_number(turn, text)
    languages.tell_of_change(turn)


def _answer(turn: Turn, message: Message, text: str) -> None:
    if emergencies.answer_emergency(turn, message, text):
        if emergencies.is_for_the_office_too(text):
            dialogs.keep_words(turn, message)
        dialogs.repeat(turn)
        return
    if not text.strip():
        turn.say(turn.text("media.unsupported"))
        return
    is_free = turn.state.run is None and turn.talk.conversation.handler is Handler.BOT
    here = dialogs.current(turn)
    command = read_command(text)
    if is_free:
        reply = read_reply(text, turn.offered, turn.aside)
    else:
        reply = dialogs.read_typed(turn, text) if here is not None and command is None else None
    if reply is not None:
        _typed(turn, reply)
    elif command is not None:
        _command(turn, command)
    elif here is not None:
        dialogs.hear(turn, *here, message, text)
    elif (
        follow_complaint.show_typed(turn, text)
        or (is_free and _is_about_case(turn, message, text))
        or (is_free and complaints.begin_at_typed_spot(turn, text))
    ):
        return
    elif turn.talk.conversation.handler is Handler.STAFF:
        if not talk_to_staff.is_live(turn):  # nobody is there yet: what is surely known need not wait
            ask_question.sure_answer(turn, message, text)
        talk_to_staff.heard(turn, message)
    else:
        ask_question.answer_text(turn, message, text)


def _is_about_case(turn: Turn, message: Message, text: str) -> bool:
    """Takes words about a complaint told before: where it is, whether it is fixed, how far it has come."""
    return (
        complaints.take_place_in_words(turn, message)
        or follow_complaint.take_verdict(turn, text)
        or follow_complaint.show_when_asked(turn, message, text)
    )


def _typed(turn: Turn, reply: TypedReply) -> None:
    """Does what a tap would have done."""
    match reply:
        case Tap(payload=payload):
            _tap(turn, payload)
        case Nod():
            turn.say(turn.text("talk_small.thanks"))
            main_menu.offer_menu(turn)
        case WhichOne():
            turn.say(Choices(prompt=turn.text("clarify.which"), options=turn.offered))
        case _:
            assert_never(reply)


def _tap(turn: Turn, payload: str) -> None:
    try:
        _tapped(turn, payload)
    except ServiceError as refusal:  # a button of somebody else's, or of a thing that is gone
        log.info("routing.refused", code=refusal.code)
        _old_button(turn)


def _command(turn: Turn, command: str) -> None:
    match command:
        case "cancel":
            _cancel(turn)
        case "back":
            _back(turn)
        case "menu":
            dialogs.put_aside(turn)
            main_menu.show_menu(turn)
        case _:
            _tapped(turn, command)


def _tapped(turn: Turn, payload: str) -> None:
    name, _, rest = payload.partition(":")
    arguments = rest.split(":") if rest else []
    match name, arguments:
        case "flow", _:
            _flow_button(turn, payload)
        case "menu", []:
            _command(turn, "menu")
        case "menu", ["ask"]:  # of the machine, also while staff own the talk; what they have stays with them
            conversations.hand_to(turn.uow, turn.talk.conversation, Handler.BOT)
            main_menu.invite_question(turn)
            dialogs.repeat(turn)
        case "menu", ["eservice"]:
            main_menu.show_topics(turn)
            dialogs.repeat(turn)
        case "menu", ["staff"]:
            dialogs.put_aside(turn)
            talk_to_staff.begin(turn)
        case "topics", [first] if _is_id(first):
            main_menu.show_topics(turn, int(first))
        case "topic", [identifier]:
            main_menu.show_topic(turn, identifier)
        case "show", [entry] if _is_id(entry):
            ask_question.show_entry(turn, int(entry))
        case "pick", [ask, entry] if _is_id(ask) and _is_id(entry):
            ask_question.choose_candidate(turn, int(ask), int(entry))
        case "asking", [ask] if _is_id(ask):
            ask_question.only_asking(turn, int(ask))
        case "none", [ask] if _is_id(ask):
            ask_question.none_of_these(turn, int(ask))
        case "up" | "down", [ask] if _is_id(ask):
            ask_question.feedback(turn, int(ask), name == "up")
        case "leave", [message, kind] if _is_id(message):
            meant = InquiryKind.PROBLEM if kind == "p" else InquiryKind.QUESTION
            ask_question.leave_with_office(turn, int(message), meant)
        case "phone", [inquiry] if _is_id(inquiry):
            talk_to_staff.begin_phone(turn, int(inquiry))
        case "more", [inquiry] if _is_id(inquiry):
            talk_to_staff.ask_more(turn, int(inquiry))
        case "settled", [inquiry] if _is_id(inquiry):
            talk_to_staff.settled(turn, int(inquiry))
        case "end", []:
            talk_to_staff.end(turn)
        case "lang", []:
            turn.say(Choices(prompt=turn.text("language.which"), options=(languages.THAI, languages.ENGLISH)))
        case "lang", ["th" | "en" as language]:
            languages.choose(turn, language)
            main_menu.offer_menu(turn)
        case "report", [message] | [message, _] if _is_id(message):
            complaints.report(turn, int(message), is_meant=rest.endswith(":yes"))
        case "resume", [] if dialogs.resume(turn):
            pass
        case "menu", ["report"]:
            complaints.begin(turn)
        case "menu", ["track"]:
            follow_complaint.show_mine(turn)
            dialogs.repeat(turn)
        case (
            "case" | "caseadd" | "casesay" | "casenot" | "casefixed" | "casedrop" | "caseleave" | "caserate",
            [number, *more],
        ):
            complaints.tap(turn, name, number, more)
        case "mydata", _:
            my_data.tap(turn, rest)
        case "again", [delivery] if _is_id(delivery):
            _show_again(turn, int(delivery))
        case _:
            _old_button(turn)


def _old_button(turn: Turn) -> None:
    turn.say(turn.text("dialog.old_button"))
    main_menu.offer_menu(turn)


def _flow_button(turn: Turn, payload: str) -> None:
    answer = read_payload(payload)
    here = dialogs.current(turn)
    if answer is None or here is None:
        _old_button(turn)
    elif answer.value == CANCEL and answer.run_id == here[1].run_id:
        _cancel(turn)
    else:
        dialogs.tap(turn, *here, answer)


def _cancel(turn: Turn) -> None:
    if turn.state.run is not None:
        turn.state.run = None
        turn.say(turn.text("dialog.cancelled"))
    elif turn.talk.conversation.handler is Handler.STAFF:
        talk_to_staff.end(turn)
    else:
        turn.say(turn.text("dialog.nothing_to_cancel"))
    main_menu.offer_menu(turn)


def _back(turn: Turn) -> None:
    if not dialogs.back(turn):
        turn.say(turn.text("dialog.nothing_to_go_back"))
        main_menu.show_menu(turn)
    elif turn.state.run is None:
        main_menu.offer_menu(turn)


def _location(turn: Turn, body: SharedLocation) -> None:
    label = body.label or f"{body.latitude:.5f}, {body.longitude:.5f}"
    message = conversations.record_heard(
        turn.uow,
        turn.talk.conversation,
        text=f"{label} ({body.latitude:.5f}, {body.longitude:.5f})",
        kind="location",
        platform_ref=body.message_ref,
        content={"latitude": body.latitude, "longitude": body.longitude, "label": body.label},
    )
    here = dialogs.current(turn)
    if here is not None:
        dialogs.place(turn, *here, message)
    elif turn.talk.conversation.handler is Handler.STAFF:
        talk_to_staff.heard_media(turn, message, "media.what_location")
    else:
        complaints.take_pin(turn, message)


def _media(turn: Turn, body: SentMedia) -> None:
    message = conversations.record_heard(
        turn.uow,
        turn.talk.conversation,
        text=body.caption,
        kind="text" if body.caption.strip() else body.kind.value,
        platform_ref=body.message_ref,
    )
    caption = body.caption.strip()
    is_photo = body.kind is MediaKind.PHOTO
    if dialogs.current(turn) is None and turn.talk.conversation.handler is Handler.STAFF:
        if caption:
            _answer(turn, message, caption)
        elif body.kind is not MediaKind.STICKER:
            talk_to_staff.heard_media(turn, message, "media.what_photo" if is_photo else "media.what_other")
    elif is_photo and body.media_ref:
        has_more_to_say = complaints.take_photo(turn, message, body) and caption
        if has_more_to_say and not complaints.begins_with_photo(turn, message):
            _answer(turn, message, caption)
    elif caption:
        _answer(turn, message, caption)
    else:
        key = {MediaKind.STICKER: "sticker", MediaKind.PHOTO: "photo", MediaKind.CONTACT: "contact"}
        turn.say(turn.text(f"media.{key.get(body.kind, 'other')}"))
        if not dialogs.repeat(turn):
            main_menu.offer_menu(turn)


def _edited(turn: Turn, ref: str, text: str) -> None:
    """A corrected message: taken over where it was kept; answered anew when it was the last thing said."""
    message = conversations.edit_heard(turn.uow, turn.talk.conversation, ref, text)
    if message is None:
        if turn.inbound.addressed:
            _said(turn, text, ref)
        return
    confirmations.forget_message(turn.uow, message.id)
    if emergencies.answer_emergency(turn, message, text):
        return
    if inquiries.holds(turn.uow, message.id):
        turn.say(turn.text("edited.noted"))
    elif (
        turn.state.run is None
        and turn.talk.conversation.handler is Handler.BOT
        and conversations.is_last_heard(turn.uow, message)
    ):
        ask_question.answer_text(turn, message, text)


def _started(turn: Turn, parameter: str) -> None:
    conversations.set_reachability(turn.uow, turn.talk.contact, Reachability.ACTIVE)
    if turn.talk.contact.kind is ContactKind.GROUP:
        main_menu.welcome_group(turn)
        return
    turn.state.run = None
    conversations.hand_to(turn.uow, turn.talk.conversation, Handler.BOT)
    if parameter.startswith(ENTRY_LINK):
        face = turn.faq.face_by_key(parameter.removeprefix(ENTRY_LINK))
        if face is not None:
            ask_question.show_entry(turn, face.id)
            main_menu.offer_menu(turn)
            main_menu.add_notice(turn)
            return
    if parameter.startswith(SPOT_LINK) and complaints.begin_at_spot(turn, parameter.removeprefix(SPOT_LINK)):
        main_menu.add_notice(turn)
        return
    main_menu.welcome(turn)


def _show_again(turn: Turn, delivery_id: int) -> None:
    bundle = deliveries.repeat(turn.uow, turn.talk, delivery_id)
    if bundle is None:
        turn.say(turn.text("dialog.old_button"))
        return
    turn.say(turn.text("delivery.shown_again"), *bundle.parts[:3])
    turn.offer(*bundle.quick_replies)


def offer_uncertain(turn: Turn, waiting: list[int]) -> None:
    """Tells of messages that may not have arrived, with a tap to see them."""
    turn.say(turn.text("delivery.uncertain"))
    turn.offer(*(Button(label=turn.text("delivery.show_again"), payload=f"again:{i}") for i in waiting[:1]))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12

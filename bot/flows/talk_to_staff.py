"""คุยกับเจ้าหน้าที่: leaving words with the office, adding to them, and the talk while staff own it."""

import secrets
from datetime import timedelta

from bot.dialog import engine
from bot.dialog.flow import Ask, AskText, Finished, Flow, Left, Value
from bot.flows import checks
from bot.flows.turn import Turn
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry, InquiryKind, InquiryState
from eservice.messaging import conversations
from eservice.messaging.content import Card, Choices
from eservice.messaging.models import Handler, Message

TALK = Flow(
    name="talk",
    steps=(
        AskText(name="question", prompt="talk.ask_question", takes_questions=True),
        AskText(name="phone", prompt="talk.ask_phone", check=checks.phone_problem, skip="talk.skip_phone"),
    ),
)
PHONE = Flow(
    name="phone", steps=(AskText(name="phone", prompt="talk.ask_phone_now", check=checks.phone_problem),)
)
LIVE_TALK = timedelta(minutes=15)  # so long after an answer of the staff people are talking
FLOWS: dict[str, Flow] = {flow.name: flow for flow in (TALK, PHONE)}


def begin(turn: Turn) -> None:
    """Starts the talk: what is it about?"""
    put(turn, engine.begin(TALK, secrets.token_hex(4)))


def call_back(turn: Turn, message: Message) -> None:
    """Somebody wants to be called: their words, and the number in them, are with the office at once.

    Without a number it is asked for; a question they have left already takes it along.
    """
    if not checks.holds_phone(message.text):
        put(turn, engine.begin(TALK, secrets.token_hex(4), {"question": message.id}))
        return
    inquiry = inquiries.current(turn.uow, turn.talk.conversation.id)
    if inquiry is not None:
        inquiries.follow_up(turn.uow, inquiry, message)
        turn.say(turn.text("leave.phone_kept"))
        return
    inquiry = inquiries.leave_question(turn.uow, turn.talk, message, kind=InquiryKind.TALK)
    conversations.hand_to(turn.uow, turn.talk.conversation, Handler.STAFF)
    give_receipt(turn, inquiry)
    turn.say(turn.text("talk.call_back"))


def begin_phone(turn: Turn, inquiry_id: int) -> None:
    """Asks for a telephone number to add to an inquiry of this person."""
    inquiry = _own(turn, inquiry_id)
    if inquiry is None:
        turn.say(turn.text("dialog.old_button"))
        return
    put(turn, engine.begin(PHONE, secrets.token_hex(4), {"inquiry": inquiry.id}))


def put(turn: Turn, outcome: Ask | Finished | Left) -> None:
    """Says what a dialog says next, and keeps where it stands."""
    match outcome:
        case Ask(run=run):
            turn.state.run = run
            prompt = turn.text(outcome.prompt)
            if outcome.problem:
                prompt = f"{turn.text(outcome.problem)}\n{prompt}"
            options = tuple(turn.button(label, payload) for payload, label in outcome.options)
            turn.say(Choices(prompt=prompt, options=options))
        case Finished(run=run):
            turn.state.run = None
            _finish(turn, run.flow, run.answers)
        case Left():
            turn.state.run = None
            turn.say(turn.text("dialog.cancelled"))


def give_receipt(turn: Turn, inquiry: Inquiry) -> None:
    """Says the number, when to expect an answer, and what else can be done."""
    number = inquiries.number(inquiry)
    facts = turn.facts
    when = (
        turn.text("leave.open_now", closing=facts.closing)
        if facts.opening is None
        else turn.text("leave.closed_now", opening=facts.opening)
    )
    turn.acknowledgement = True
    turn.say(
        Card(
            title=turn.text("leave.receipt", number=number),
            body=f"{turn.text('leave.receipt_body')}\n{when}",
        )
    )
    if turn.talk.conversation.handler is Handler.STAFF:
        turn.offer(turn.button("talk.end", "end"))
    else:
        turn.offer(turn.button("leave.add_phone", f"phone:{inquiry.id}"))


def attach_follow_up(turn: Turn, message: Message) -> bool:
    """Adds words that the machine cannot answer to the question already with the office, if there is one."""
    inquiry = inquiries.current(turn.uow, turn.talk.conversation.id)
    if inquiry is None:
        return False
    inquiries.follow_up(turn.uow, inquiry, message)
    turn.acknowledgement = True
    turn.say(turn.text("leave.followed_up", number=inquiries.number(inquiry)))
    return True


def heard(turn: Turn, message: Message) -> None:
    """While staff own the conversation everything goes to them.

    In a live talk the machine keeps quiet. While the person still waits, it says that the words arrived, so
    that nobody wonders; what it has already said to them is not held back for the staff.
    """
    inquiry = inquiries.current(turn.uow, turn.talk.conversation.id)
    if inquiry is None:
        inquiries.leave_question(turn.uow, turn.talk, message, kind=InquiryKind.TALK)
    else:
        answered_at = inquiry.answered_at
        inquiries.follow_up(turn.uow, inquiry, message)
        if answered_at is not None and turn.uow.now - answered_at < LIVE_TALK:
            return
    turn.acknowledgement = not turn.parts
    turn.say(turn.text("talk.kept"))
    turn.offer(turn.button("talk.end", "end"))


def is_live(turn: Turn) -> bool:
    """Whether staff have answered a moment ago: two people are talking, and a machine would only disturb."""
    inquiry = inquiries.current(turn.uow, turn.talk.conversation.id)
    answered_at = inquiry.answered_at if inquiry else None
    return answered_at is not None and turn.uow.now - answered_at < LIVE_TALK


def heard_media(turn: Turn, message: Message, what_key: str) -> None:
    """Something that is not words, while staff own the conversation: noted, and words asked for."""
    inquiry = inquiries.current(turn.uow, turn.talk.conversation.id)
    if inquiry is None:
        inquiries.leave_question(turn.uow, turn.talk, message, kind=InquiryKind.TALK)
    else:
        inquiries.follow_up(turn.uow, inquiry, message)
    turn.say(turn.text("talk.media_kept", what=turn.text(what_key)))
    turn.offer(turn.button("talk.end", "end"))


def end(turn: Turn) -> None:
    """The resident ends the talk; an unanswered question stays with the office."""
    if turn.talk.conversation.handler is not Handler.STAFF:
        turn.say(turn.text("talk.not_open"))
        return
    conversations.hand_to(turn.uow, turn.talk.conversation, Handler.BOT)
    inquiry = inquiries.current(turn.uow, turn.talk.conversation.id)
    if inquiry is not None and inquiry.state is InquiryState.ANSWERED:
        inquiries.close(turn.uow, inquiry, actor="resident")
    turn.say(turn.text("talk.ended"))


def ask_more(turn: Turn, inquiry_id: int) -> None:
    """ถามต่อเรื่องนี้: the next words go to the same staff."""
    if _own(turn, inquiry_id) is None:
        turn.say(turn.text("dialog.old_button"))
        return
    conversations.hand_to(turn.uow, turn.talk.conversation, Handler.STAFF)
    turn.say(turn.text("inquiry.ask_more"))
    turn.offer(turn.button("talk.end", "end"))


def settled(turn: Turn, inquiry_id: int) -> None:
    """เรียบร้อยแล้ว: the resident closes the question."""
    inquiry = _own(turn, inquiry_id)
    if inquiry is None:
        turn.say(turn.text("dialog.old_button"))
        return
    inquiries.close(turn.uow, inquiry, actor="resident")
    turn.say(turn.text("inquiry.settled_thanks"))


def _finish(turn: Turn, flow: str, answers: dict[str, Value]) -> None:
    phone = _message(turn, answers.get("phone"))
    if flow == PHONE.name:
        inquiry = _own(turn, int(answers.get("inquiry") or 0))
        if inquiry is None or phone is None:
            turn.say(turn.text("leave.forgotten"))
            return
        inquiries.follow_up(turn.uow, inquiry, phone)
        turn.say(turn.text("leave.phone_kept"))
        return
    question = _message(turn, answers.get("question"))
    if question is None:
        turn.say(turn.text("leave.forgotten"))
        return
    inquiry = inquiries.leave_question(turn.uow, turn.talk, question, kind=InquiryKind.TALK)
    if phone is not None:
        inquiries.follow_up(turn.uow, inquiry, phone)
    conversations.hand_to(turn.uow, turn.talk.conversation, Handler.STAFF)
    give_receipt(turn, inquiry)


def _message(turn: Turn, message_id: Value) -> Message | None:
    """The message of a text answer; None when skipped or taken back meanwhile."""
    if message_id is None:
        return None
    message = turn.uow.session.get(Message, int(message_id))
    if message is None or message.erased_at or message.conversation_id != turn.talk.conversation.id:
        return None
    return message


def _own(turn: Turn, inquiry_id: int) -> Inquiry | None:
    inquiry = turn.uow.session.get(Inquiry, inquiry_id)
    if inquiry is None or inquiry.conversation_id != turn.talk.conversation.id:
        return None
    return inquiry

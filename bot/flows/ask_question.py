"""A question in free Thai: answered with proof, asked back, or honestly passed on. Nothing is made up."""

from typing import assert_never

from bot.english import is_english
from bot.flows import checks, file_complaint, follow_complaint, languages, main_menu, talk_to_staff
from bot.flows.complaint_answers import tells_of_corruption
from bot.flows.turn import Turn
from eservice.complaints.numbers import shown
from eservice.inquiries import service as inquiries
from eservice.inquiries.models import InquiryKind
from eservice.kit.thai_calendar import thai_date
from eservice.messaging.content import Button, Card, Choices, Meta, MetaKind, Row
from eservice.messaging.models import Direction, Message
from knowledge.classify.intents import Intent, IntentLabel, classify_intent
from knowledge.entries import asks
from knowledge.entries.live import EntryFace, LiveDecision
from knowledge.entries.models import Ask, AskDecision
from knowledge.entries.reply_choice import Reply, choose_reply, wants_person

SMALL_TALK = {
    IntentLabel.GREETING: "talk_small.greeting",
    IntentLabel.THANKS: "talk_small.thanks",
    IntentLabel.FAREWELL: "talk_small.farewell",
    IntentLabel.CAPABILITY: "talk_small.capability",
    IntentLabel.CHATTER: "talk_small.chatter",
    IntentLabel.ABUSE: "talk_small.abuse",
    IntentLabel.UNCLEAR: "talk_small.unclear",
}
COURTESIES = (
    IntentLabel.GREETING,
    IntentLabel.THANKS,
    IntentLabel.FAREWELL,
    IntentLabel.CAPABILITY,
    IntentLabel.ABUSE,
)
LONG_MESSAGE = 1_000  # characters; nobody's question is longer, but a letter to the office may be
CANDIDATES = 3
FAIRLY_SURE = (
    0.4  # below, half of what is asked back has no answer here, and the words above the choices say so
)


def answer_text(turn: Turn, message: Message, text: str) -> None:
    """Answers whatever a person typed outside any dialog."""
    if checks.wants_call_back(text):
        talk_to_staff.call_back(turn, message)
        return
    intent = classify_intent(text)
    if wants_person(intent):
        talk_to_staff.begin(turn)
        return
    decision = turn.faq.decide(text, turn.previous_entry)
    in_english = turn.language == "en" and is_english(text)
    if in_english:
        intent = _as_read_in_english(intent)
    reply = choose_reply(intent, decision.kind, decision.confidence, follows=decision.used_previous)
    languages.offer_english(turn, text, reply)
    is_vague = decision.confidence < FAIRLY_SURE and intent.label not in COURTESIES
    if reply is not Reply.ANSWER and is_vague and follow_complaint.give_information(turn, message):
        return
    if reply is Reply.TALK:
        _small_talk(turn, message, intent.label)
        return
    ask = asks.record_ask(turn.uow, message.id, decision)
    if reply in (Reply.CHOICES, Reply.LEAVE) and tells_of_corruption(turn, text, is_report=False):
        reply = Reply.REPORT
    match reply:
        case Reply.REPORT:
            _begin_report(turn, message, ask)
        case Reply.ANSWER:
            _answer(turn, decision.hits[0][0], ask.id)
            if in_english:
                turn.say(turn.text("answer.in_thai"))
            if intent.label is IntentLabel.PROBLEM:
                turn.say(turn.text("answer.report_too"))
                turn.offer(_leave_button(turn, message, intent))
        case Reply.CHOICES:
            if [entry_id for entry_id, _ in decision.hits] == [turn.previous_entry]:
                _answer_again(turn, decision.hits[0][0], ask.id, message, intent)
            else:
                _clarify(turn, decision, ask.id, message, intent)
        case Reply.PERHAPS_TALK:
            if not talk_to_staff.attach_follow_up(turn, message):
                _small_talk(turn, message, intent.label)
        case Reply.LEAVE:
            if not talk_to_staff.attach_follow_up(turn, message):
                _unknown(turn, message, text, intent, in_english=in_english)
        case _:
            assert_never(reply)


def only_asking(turn: Turn, ask_id: int) -> None:
    """แค่ถาม: no report was meant; the entries that came near, or the office."""
    ask = asks.own_ask(turn.uow, ask_id, turn.talk.conversation.id)
    turn.state.run = None
    faces = [face for entry_id in ask.candidates[:CANDIDATES] if (face := turn.faq.face(entry_id))]
    options = [Button(label=face.question, payload=f"pick:{ask.id}:{face.id}") for face in faces]
    leave = turn.button("unknown.leave", f"leave:{ask.message_id}:q")
    key = "clarify.prompt" if options else "unknown.question"
    turn.say(Choices(prompt=turn.text(key), options=(*options, leave)))
    main_menu.offer_menu(turn)


def sure_answer(turn: Turn, message: Message, text: str) -> bool:
    """In the middle of a dialog: answers a question that is surely one, and says whether it did."""
    decision = turn.faq.decide(text, None)
    if decision.kind is not AskDecision.ANSWERED:
        return False
    ask = asks.record_ask(turn.uow, message.id, decision)
    _answer(turn, decision.hits[0][0], ask.id)
    return True


def show_entry(turn: Turn, entry_id: int) -> None:
    """An entry tapped in a list."""
    face = turn.faq.face(entry_id)
    if face is None:
        turn.say(turn.text("answer.gone"))
        main_menu.offer_menu(turn)
        return
    asks.count_shown(turn.uow, entry_id)
    turn.remember_entry(entry_id)
    turn.say(answer_card(turn, face))
    turn.offer(
        turn.button("menu.eservice.short", "menu:eservice"), turn.button("menu.staff.short", "menu:staff")
    )


def choose_candidate(turn: Turn, ask_id: int, entry_id: int) -> None:
    """One of the candidates offered for a question."""
    asks.choose(turn.uow, ask_id, entry_id, conversation_id=turn.talk.conversation.id)
    _answer(turn, entry_id, ask_id)


def none_of_these(turn: Turn, ask_id: int) -> None:
    """ไม่ใช่ทั้งหมดนี้: say it differently, or leave it with the office."""
    ask = asks.none_meant(turn.uow, ask_id, conversation_id=turn.talk.conversation.id)
    leave = turn.button("unknown.leave", f"leave:{ask.message_id}:q")
    turn.say(Choices(prompt=turn.text("clarify.rephrase"), options=(leave,)))
    turn.offer(
        turn.button("menu.eservice.short", "menu:eservice"), turn.button("menu.staff.short", "menu:staff")
    )


def feedback(turn: Turn, ask_id: int, helpful: bool) -> None:
    """One tap after an answer."""
    ask = asks.feedback(turn.uow, ask_id, helpful=helpful, conversation_id=turn.talk.conversation.id)
    if helpful:
        turn.say(turn.text("answer.thanks_helpful"))
        main_menu.offer_menu(turn)
        return
    turn.state.last_entry = None  # the talk is not about the rejected answer
    others = [
        face for entry_id in ask.candidates if entry_id != ask.entry_id and (face := turn.faq.face(entry_id))
    ]
    options = [Button(label=f.question, payload=f"pick:{ask.id}:{f.id}") for f in others[:CANDIDATES]]
    leave = turn.button("unknown.leave", f"leave:{ask.message_id}:q")
    key = "answer.sorry_unhelpful" if options else "answer.unhelpful_alone"
    turn.say(Choices(prompt=turn.text(key), options=(*options, leave)))


def leave_with_office(turn: Turn, message_id: int, kind: InquiryKind) -> None:
    """ฝากเจ้าหน้าที่ตอบ: one tap leaves the words already typed."""
    message = turn.uow.session.get(Message, message_id)
    if message is None or message.conversation_id != turn.talk.conversation.id or message.erased_at:
        turn.say(turn.text("leave.forgotten"))
        return
    if message.direction is not Direction.IN:  # a forged button: our own words are nobody's question
        turn.say(turn.text("dialog.old_button"))
        return
    ask = asks.of_message(turn.uow, message_id)
    nearest = ask.candidates[0] if ask and ask.candidates else None
    face = turn.faq.face(nearest) if nearest is not None else None
    inquiry = inquiries.leave_question(
        turn.uow,
        turn.talk,
        message,
        kind=kind,
        department_id=face.department_id if face else None,
        confidence=ask.confidence if ask else None,
        nearest_entry_id=nearest,
    )
    if inquiry.created_at != turn.uow.now:
        turn.say(turn.text("leave.already", number=inquiries.number(inquiry)))
        return
    talk_to_staff.give_receipt(turn, inquiry)


def answer_card(turn: Turn, face: EntryFace, ask_id: int | None = None) -> Card:
    """The answer, then its proof: source, department, date. Always all three."""
    source = face.source or face.source_url or turn.text("answer.no_source")
    meta = [
        Meta(
            kind=MetaKind.SOURCE,
            text=turn.text("answer.source", source=source),
            url=face.source_url
            if face.source_url.startswith("https://") and face.source_url.isascii()
            else None,
        )
    ]
    if face.department:
        meta.append(
            Meta(kind=MetaKind.DEPARTMENT, text=turn.text("answer.department", department=face.department))
        )
    meta.append(Meta(kind=MetaKind.DATE, text=turn.text("answer.date", date=thai_date(face.published_at))))
    buttons: tuple[Button, ...] = ()
    if ask_id is not None:
        buttons = (
            turn.button("answer.helpful", f"up:{ask_id}"),
            turn.button("answer.unhelpful", f"down:{ask_id}"),
        )
    strip = (
        turn.text("answer.strip", department=face.department)
        if face.department
        else turn.text("answer.strip_plain")
    )
    return Card(
        label=strip,
        title=face.parts.headline,
        body=face.parts.body,
        rows=tuple(Row(left=left, right=right) for left, right in face.parts.rows),
        meta=tuple(meta),
        buttons=buttons,
    )


def _begin_report(turn: Turn, message: Message, ask: Ask) -> None:
    """Words that tell of a problem: more of the question that staff have already, or a complaint's beginning."""
    if talk_to_staff.attach_follow_up(turn, message):
        return
    file_complaint.begin_with(turn, message)
    turn.offer(turn.button("report.only_asking", f"asking:{ask.id}"))


def _answer(turn: Turn, entry_id: int, ask_id: int) -> None:
    face = turn.faq.face(entry_id)
    if face is None:
        turn.say(turn.text("answer.gone"))
        main_menu.offer_menu(turn)
        return
    turn.remember_entry(entry_id)
    turn.say(answer_card(turn, face, ask_id))


def _answer_again(turn: Turn, entry_id: int, ask_id: int, message: Message, intent: Intent) -> None:
    """They ask more about the entry before, and nothing but the entry itself is known of it."""
    turn.say(turn.text("answer.all_there_is"))
    _answer(turn, entry_id, ask_id)
    turn.offer(_leave_button(turn, message, intent))


def _clarify(turn: Turn, decision: LiveDecision, ask_id: int, message: Message, intent: Intent) -> None:
    faces = [face for entry_id, _score in decision.hits[:CANDIDATES] if (face := turn.faq.face(entry_id))]
    options = [Button(label=face.question, payload=f"pick:{ask_id}:{face.id}") for face in faces]
    options.append(_leave_button(turn, message, intent))
    options.append(turn.button("clarify.none", f"none:{ask_id}"))
    key = "clarify.prompt" if decision.confidence >= FAIRLY_SURE else "clarify.unsure"
    turn.say(Choices(prompt=turn.text(key), options=tuple(options)))


def _unknown(turn: Turn, message: Message, text: str, intent: Intent, *, in_english: bool) -> None:
    leave = _leave_button(turn, message, intent)
    if len(text) > LONG_MESSAGE:
        key = "unknown.too_long"
    elif in_english:
        topics = turn.button("menu.eservice.short", "menu:eservice")
        report = turn.button("unknown.report", f"report:{message.id}")
        turn.say(Choices(prompt=turn.text("unknown.in_english"), options=(leave, report, topics)))
        main_menu.offer_menu(turn)
        return
    elif intent.label is IntentLabel.PROBLEM:
        key = "unknown.problem"
    else:
        key = "unknown.question"
    options = [leave, turn.button("unknown.rephrase", "menu:ask")]
    if turn.recent_case is not None:  # more words on what was reported a moment ago
        add = turn.text("track.add", number=shown(turn.recent_case))
        options.insert(0, Button(label=add, payload=f"caseadd:{turn.recent_case}:{message.id}"))
    turn.say(Choices(prompt=turn.text(key), options=tuple(options)))


def _as_read_in_english(intent: Intent) -> Intent:
    """The intents were learned from Thai: of what English says, only courtesies are told apart."""
    courteous = intent.label in (IntentLabel.GREETING, IntentLabel.THANKS, IntentLabel.FAREWELL)
    return intent if courteous else Intent(IntentLabel.QUESTION, intent.probability)


def _leave_button(turn: Turn, message: Message, intent: Intent) -> Button:
    if intent.label is IntentLabel.PROBLEM:
        return turn.button("unknown.report", f"report:{message.id}")
    return turn.button("unknown.leave", f"leave:{message.id}:q")


def _small_talk(turn: Turn, message: Message, label: IntentLabel) -> None:
    if label is IntentLabel.THANKS and checks.tells_why_thanks(message.text):
        praise = turn.button("talk_small.send_praise", f"report:{message.id}")
        turn.say(Choices(prompt=turn.text("talk_small.praise"), options=(praise,)))
    else:
        turn.say(turn.text(SMALL_TALK[label], office=turn.facts.office_name))
    main_menu.offer_menu(turn)

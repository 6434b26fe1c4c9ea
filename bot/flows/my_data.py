"""ข้อมูลของฉัน: seeing, correcting and erasing what the office keeps of a person, and refusing its news."""

import re
import secrets

from bot.dialog import engine
from bot.dialog.flow import Ask, AskText, Finished, Flow, Left
from bot.flows import dialogs, main_menu
from bot.flows.turn import Turn
from eservice.complaints import queries
from eservice.complaints.states import is_open
from eservice.kit.thai_calendar import arabic_digits, thai_date
from eservice.messaging.content import Card, Choices, LinkButton
from eservice.messaging.models import ContactKind
from eservice.privacy import copies, requests
from eservice.privacy.models import RequestKind

GROWN = 20  # years (Civil and Commercial Code s.19)
_AGE = re.compile(r"อายุ[^\d\n]{0,10}(\d{1,2})(?!\d)|(?<!\d)(\d{1,2})\s*ขวบ")
_CHILD = re.compile(r"(?:ของ|แทน|ให้)\s*(?:ลูก|บุตร|หลาน|เด็ก)(?!น้ำ|บ้าน|ค้า|จ้าง)")

CORRECT = Flow(
    name="my_data_correct",
    steps=(AskText(name="words", prompt="mydata.ask_correction", takes_questions=True),),
)


def speaks_of_a_minor(words: str) -> bool:
    """Whether the words say that somebody below 20 asks, or that it is asked for a child."""
    ages = (found[1] or found[2] for found in _AGE.finditer(arabic_digits(words)))
    return any(int(age) < GROWN for age in ages) or _CHILD.search(words) is not None


def tap(turn: Turn, what: str) -> None:
    """Does what a button of this module says, "" for the first one. What was being told is put aside."""
    dialogs.put_aside(turn)
    match what:
        case "copy":
            give_copy(turn)
        case "correct":
            begin_correction(turn)
        case "erase":
            ask_erase(turn)
        case "erase:yes":
            erase(turn)
        case "withdraw":
            withdraw(turn)
        case "child":
            tell_how_for_a_child(turn)
        case _:
            show(turn)


def show(turn: Turn) -> None:
    """What one can ask for."""
    if _refuses_group(turn):
        return
    options = tuple(
        turn.button(f"mydata.{what}", f"mydata:{what}")
        for what in ("copy", "correct", "erase", "withdraw", "child")
    )
    turn.say(Choices(prompt=turn.text("mydata.prompt"), options=options))
    main_menu.offer_menu(turn)


def give_copy(turn: Turn) -> None:
    """A link to all of it, for this person alone and for one day."""
    if _refuses_group(turn):
        return
    requests.ask(turn.uow, RequestKind.COPY, contact=turn.talk.contact)
    url = turn.facts.public_url + copies.new_link(turn.uow, turn.talk.contact)
    turn.say(
        Card(
            title=turn.text("mydata.copy_title"),
            body=turn.text("mydata.copy_ready"),
            buttons=(LinkButton(label=turn.text("mydata.copy_open"), url=url),),
        )
    )
    main_menu.offer_menu(turn)


def begin_correction(turn: Turn) -> None:
    """Asks what is wrong."""
    if not _refuses_group(turn):
        put(turn, engine.begin(CORRECT, secrets.token_hex(4), {}))


def ask_erase(turn: Turn) -> None:
    """Says what goes and what stays, and asks once more."""
    if _refuses_group(turn):
        return
    still_open = sum(is_open(status.state) for status in queries.filed_by(turn.uow, turn.talk.contact.id))
    prompt = turn.text("mydata.ask_erase")
    if still_open:
        prompt += "\n" + turn.text("mydata.ask_erase_open", count=still_open)
    options = (
        turn.button("mydata.erase_yes", "mydata:erase:yes"),
        turn.button("mydata.erase_no", "mydata"),
    )
    turn.say(Choices(prompt=prompt, options=options))


def erase(turn: Turn) -> None:
    """Takes the request; staff look at it, because some things the law keeps."""
    if _refuses_group(turn):
        return
    request = requests.ask(turn.uow, RequestKind.ERASURE, contact=turn.talk.contact)
    assert request.erase_by is not None
    turn.say(
        turn.text(
            "mydata.erase_taken",
            number=requests.number(request),
            date=thai_date(request.due_at),
            last=thai_date(request.erase_by),
        )
    )
    main_menu.offer_menu(turn)


def withdraw(turn: Turn) -> None:
    """Notes that the person wants nothing that rests on consent, and says what that is."""
    if _refuses_group(turn):
        return
    request = requests.ask(turn.uow, RequestKind.WITHDRAWAL, contact=turn.talk.contact)
    turn.say(turn.text("mydata.withdrawn", number=requests.number(request)))
    main_menu.offer_menu(turn)


def tell_how_for_a_child(turn: Turn) -> None:
    """Who is below 20, or asks for a child: the office has to see the guardian and the proof, a chat cannot."""
    facts = turn.facts
    how = turn.text("mydata.child_how", office=facts.office_name, address=facts.address, hours=facts.hours)
    if facts.privacy_phone:
        how += "\n" + turn.text("mydata.child_phone", phone=facts.privacy_phone)
    turn.say(how)
    main_menu.offer_menu(turn)


def put(turn: Turn, outcome: Ask | Finished | Left) -> None:
    """Says what comes next, and takes the correction once it is told."""
    match outcome:
        case Ask(run=run):
            turn.state.run = run
            options = tuple(turn.button(label, payload) for payload, label in outcome.options)
            turn.say(Choices(prompt=turn.text(outcome.prompt), options=options))
        case Finished(run=run):
            turn.state.run = None
            message = turn.own_message(int(run.answers.get("words") or 0))
            if message is None or not message.text.strip():
                turn.say(turn.text("leave.forgotten"))
                return
            request = requests.ask(
                turn.uow, RequestKind.CORRECTION, contact=turn.talk.contact, words=message.text
            )
            turn.say(
                turn.text("mydata.taken", number=requests.number(request), date=thai_date(request.due_at))
            )
            if speaks_of_a_minor(message.text):
                tell_how_for_a_child(turn)
                return
            main_menu.offer_menu(turn)
        case Left():
            turn.state.run = None
            turn.say(turn.text("dialog.cancelled"))


def _refuses_group(turn: Turn) -> bool:
    """In a group everybody would read it."""
    if turn.talk.contact.kind is ContactKind.PERSON:
        return False
    turn.say(turn.text("mydata.not_in_group"))
    return True

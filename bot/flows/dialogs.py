"""The dialogs that can be open, and what an answer of any kind does to the one that is."""

from dataclasses import dataclass
from typing import Protocol

from bot.commands import SKIP_WORDS, bare
from bot.dialog import engine
from bot.dialog.flow import (
    BACK,
    SKIP,
    Ask,
    AskPlace,
    AskText,
    Finished,
    Flow,
    Left,
    Pick,
    PlaceAnswer,
    Run,
    TapAnswer,
    TextAnswer,
)
from bot.flows import (
    ask_question,
    checks,
    file_complaint,
    follow_complaint,
    main_menu,
    my_data,
    talk_to_staff,
)
from bot.flows.file_complaint import FILE
from bot.flows.turn import Turn
from bot.typed_replies import Tap, read_tap
from eservice.messaging.models import Message
from knowledge.classify.intents import Intent, IntentLabel, classify_intent
from knowledge.entries import asks
from knowledge.entries.reply_choice import CERTAIN_TALK

RESUME = "resume"  # the payload that goes on with what was shelved
_BARE_COURTESY = 20  # characters; "ขอบคุณที่มาซ่อมถนนให้" is praise, and longer


class Put(Protocol):
    """Says what a dialog says next, keeps where it stands, and acts when it is finished."""

    def __call__(self, turn: Turn, outcome: Ask | Finished | Left) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A flow and the module that speaks for it."""

    flow: Flow
    put: Put


DIALOGS: dict[str, Dialog] = {
    **{flow.name: Dialog(flow=flow, put=talk_to_staff.put) for flow in talk_to_staff.FLOWS.values()},
    **{flow.name: Dialog(flow=flow, put=follow_complaint.put) for flow in follow_complaint.FLOWS},
    FILE.name: Dialog(flow=FILE, put=file_complaint.put),
    my_data.CORRECT.name: Dialog(flow=my_data.CORRECT, put=my_data.put),
}


def current(turn: Turn) -> tuple[Dialog, Run] | None:
    """The open dialog; one that this version no longer has is closed."""
    run = turn.state.run
    dialog = DIALOGS.get(run.flow) if run else None
    if run is None or dialog is None:
        turn.state.run = None
        return None
    return dialog, run


def read_typed(turn: Turn, text: str) -> Tap | None:
    """The button of the open dialog that words name; numbers count only where nothing is to be typed."""
    here = current(turn)
    if here is None:
        return None
    dialog, run = here
    is_pick = isinstance(engine.current_step(dialog.flow, run), Pick)
    return read_tap(text, turn.offered, turn.aside, takes_number=is_pick)


def hear(turn: Turn, dialog: Dialog, run: Run, message: Message, text: str) -> None:
    """Takes words: as an answer, as a question that interrupts, or as more of what is being told."""
    if run.flow == FILE.name and _leaves(turn, run, text):
        return
    step = engine.current_step(dialog.flow, run)
    skip = step.skip if isinstance(step, AskText | AskPlace) else None
    if step is not None and skip and bare(text) in SKIP_WORDS | {turn.text(skip).lower()}:
        skipped = TapAnswer(run_id=run.run_id, step=step.name, value=SKIP)
        dialog.put(turn, engine.advance(dialog.flow, run, skipped))
        return
    intent = classify_intent(text)
    if run.flow == FILE.name and _is_courtesy(intent, text) and not checks.is_yes(text):
        dialog.put(turn, engine.repeat(dialog.flow, run))
        return
    match step:
        case AskText(name="what"):
            takes_it = not (intent.label is IntentLabel.QUESTION and intent.probability >= CERTAIN_TALK)
        case AskText():
            takes_it = step.takes_questions or not (step.check and step.check(text))
        case AskPlace() | Pick():
            takes_it = intent.label is not IntentLabel.QUESTION
        case _:
            takes_it = False
    if not takes_it and ask_question.sure_answer(turn, message, text):
        turn.say(turn.text("dialog.resume"))
        dialog.put(turn, engine.repeat(dialog.flow, run))
        return
    if run.flow == FILE.name and file_complaint.say_more(turn, run, message, intent):
        return
    dialog.put(turn, engine.advance(dialog.flow, run, TextAnswer(text=text, message_id=message.id)))


def _leaves(turn: Turn, run: Run, text: str) -> bool:
    """Ends the telling of a case when the words say that none was meant, or not any more."""
    if not checks.is_leaving(text):
        return False
    ask = (
        asks.of_message(turn.uow, int(run.answers.get("what") or 0)) if checks.is_only_asking(text) else None
    )
    turn.state.run = None
    if ask is not None:
        ask_question.only_asking(turn, ask.id)
    else:
        turn.say(turn.text("dialog.cancelled"))
        main_menu.offer_menu(turn)
    return True


def _is_courtesy(intent: Intent, text: str) -> bool:
    """A greeting or bare thanks, which tells nothing of the case."""
    is_one = intent.label in (IntentLabel.GREETING, IntentLabel.FAREWELL, IntentLabel.THANKS)
    return is_one and intent.probability >= CERTAIN_TALK and len(text.strip()) <= _BARE_COURTESY


def keep_words(turn: Turn, message: Message) -> None:
    """Keeps words that were answered otherwise in the case that is being told; the question is put again after it."""
    here = current(turn)
    if here is not None and here[1].flow == FILE.name and "what" in here[1].answers:
        file_complaint.keep_words(turn, here[1], message)


def tap(turn: Turn, dialog: Dialog, run: Run, answer: TapAnswer) -> None:
    """Takes a tap of the open dialog."""
    if answer.run_id == run.run_id and answer.value == BACK:
        back(turn)
    elif run.flow == FILE.name:
        file_complaint.tap(turn, run, answer)
    else:
        dialog.put(turn, engine.advance(dialog.flow, run, answer))


def place(turn: Turn, dialog: Dialog, run: Run, message: Message) -> None:
    """Takes a pin."""
    if run.flow == FILE.name and run.step != "place" and engine.current_step(FILE, run) is not None:
        answers = {**run.answers, "place": message.id}  # sent later than asked for: the better answer
        turn.state.run = Run(flow=run.flow, run_id=run.run_id, step=run.step, answers=answers)
        dialog.put(turn, engine.repeat(dialog.flow, turn.state.run))
        return
    dialog.put(turn, engine.advance(dialog.flow, run, PlaceAnswer(message_id=message.id)))


def put_aside(turn: Turn) -> None:
    """Shelves the open dialog for something else; a case that is being told is said to be unsent, and one tap away."""
    here = current(turn)
    turn.state.run = None
    if here is None or here[1].flow != FILE.name or "what" not in here[1].answers:
        return
    turn.state.shelved = here[1]
    turn.say(turn.text("report.put_aside"))
    turn.offer(turn.button("report.go_on", RESUME))


def resume(turn: Turn) -> bool:
    """Goes on with what was shelved; False when nothing is."""
    if turn.state.shelved is None:
        return False
    turn.state.run, turn.state.shelved = turn.state.shelved, None
    return repeat(turn)


def repeat(turn: Turn) -> bool:
    """Puts the open dialog's question again, so that nothing is lost; False when none is open."""
    here = current(turn)
    if here is None:
        return False
    dialog, run = here
    dialog.put(turn, engine.repeat(dialog.flow, run))
    return True


def back(turn: Turn) -> bool:
    """One step back; False when no dialog is open."""
    here = current(turn)
    if here is None:
        return False
    dialog, run = here
    if run.flow == FILE.name:
        file_complaint.back(turn, run)
    else:
        dialog.put(turn, engine.back(dialog.flow, run))
    return True

"""แจ้งเรื่อง: from words, a pin or a photo to a case, in as few turns as it takes.

A text that reads like a problem is the first answer already: where, then a summary, then the number. Photos
are taken at any time, before, during or after; nothing but the words themselves must be given.
"""

import secrets

from bot.dialog import engine
from bot.dialog.flow import (
    CANCEL,
    Ask,
    AskPlace,
    AskText,
    Finished,
    Flow,
    Left,
    Pick,
    Run,
    TapAnswer,
    Value,
    flow_payload,
)
from bot.flows import checks, limits, main_menu
from bot.flows.complaint_answers import (
    NONE,
    category_named_by,
    code_named,
    code_of,
    ids_in,
    is_about_people,
    new_complaint,
    offer_of,
    photos_since,
    place_words,
    propose,
    similar_cases,
    tells_of_corruption,
    text_of,
    told_in,
)
from bot.flows.complaint_words import receipt
from bot.flows.turn import Turn
from eservice.complaints import filing, held_photos, residents
from eservice.complaints.cases import Resident
from eservice.complaints.categories import PRAISE, read_categories
from eservice.complaints.held_photos import HELD_FOR
from eservice.complaints.nearby import Similar
from eservice.complaints.numbers import shown
from eservice.complaints.wording import in_parts
from eservice.messaging.content import (
    MAX_BUTTONS,
    MAX_QUICK_REPLIES,
    AskLocation,
    Button,
    Card,
    Choices,
    LinkButton,
    Row,
)
from eservice.messaging.models import ContactKind, Message
from eservice.staff.queries import departments
from knowledge.classify.intents import Intent, IntentLabel
from knowledge.entries import asks
from knowledge.entries.reply_choice import CERTAIN_TALK

FILE = Flow(
    name="file",
    steps=(
        AskText(name="what", prompt="report.ask_what", check=checks.complaint_problem),
        AskPlace(
            name="place", prompt="report.ask_place", skip="report.skip_place", check=checks.line_problem
        ),
        Pick(name="accused", prompt="report.ask_accused"),
        Pick(name="similar", prompt="report.ask_similar"),
        Pick(name="category", prompt="report.ask_category"),
        AskText(name="name", prompt="report.ask_name", check=checks.line_problem, skip="report.skip_name"),
        Pick(name="send", prompt="report.check"),
    ),
    expires_minutes=30,
)
FIRST_CATEGORIES = 4
_CHANGES = ("category", "place", "name")  # taps in the summary that put a step again
_SUMMARY_TEXT = 300  # characters of the text shown there


def begin(
    turn: Turn, message: Message | None = None, *, place: Message | None = None, category: str = ""
) -> None:
    """Starts a case: with words that are there already, with a pin, or with the question what it is about.

    `category` is what is usually told of that place.

    Not in a group: whoever files gets a key that is nobody else's.
    """
    if turn.talk.contact.kind is ContactKind.GROUP:
        turn.say(turn.text("report.not_in_group"))
        return
    answers: dict[str, Value] = {"name": None, "photos_since": (turn.uow.now - HELD_FOR).timestamp()}
    if message is not None:
        answers["what"] = message.id
    if place is not None:
        answers["place"] = place.id
    if category in read_categories(turn.uow):
        answers["category"] = code_of(turn, category)
    put(turn, engine.begin(FILE, secrets.token_hex(4), answers))


def begin_with(turn: Turn, message: Message, *, is_meant: bool = False, place: Message | None = None) -> None:
    """Starts a case with words that read like a problem.

    What speaks of corruption is not made into an ordinary case unasked: first come the offices that protect
    whoever reports it. `is_meant`: the person has read that and wants it all the same.
    """
    if not is_meant and tells_of_corruption(turn, message.text, is_report=True):
        turn.say(
            Card(
                title=turn.text("report.corruption_title"),
                body=turn.text("report.corruption_body", office=turn.facts.office_name),
                buttons=(
                    *(
                        LinkButton(label=turn.text(f"report.corruption_call_{number}"), url=f"tel:{number}")
                        for number in ("1205", "1206")
                    ),
                    turn.button("report.corruption_go_on", f"report:{message.id}:yes"),
                ),
            )
        )
        main_menu.offer_menu(turn)
        return
    begin(turn, message, place=place)


def put(turn: Turn, outcome: Ask | Finished | Left) -> None:
    """Says what comes next; fills in first what nobody needs to be asked."""
    match outcome:
        case Ask(run=run):
            filled = _filled(turn, run)
            if filled != run.answers:
                put(turn, engine.begin(FILE, run.run_id, filled))
                return
            turn.state.run = run
            _ask(turn, outcome)
        case Finished(run=run):
            turn.state.run = None
            if limits.must_wait_to_file(turn):
                turn.say(turn.text("errors.complaints.too_many_filed"))
                put(turn, engine.ask_again(FILE, run, "send"))  # nothing that was told is lost
                return
            _finish(turn, run)
        case Left():
            turn.state.run = None
            turn.say(turn.text("dialog.cancelled"))


def tap(turn: Turn, run: Run, answer: TapAnswer) -> None:
    """A button of this flow, judged here where its value is known."""
    is_current = answer.run_id == run.run_id and answer.step == run.step
    if is_current and answer.step == "send" and answer.value in _CHANGES:
        again = engine.ask_again(FILE, run, answer.value)
        if isinstance(again, Ask):
            turn.state.run = again.run
            _ask(turn, again)
        return
    if is_current and answer.step == "category" and answer.value == "all":
        turn.state.run = run
        _ask_category(turn, run, is_all=True)
        return
    if is_current and answer.step == "similar":
        offered = similar_cases(turn, run.answers, category_named_by(turn, run.answers))
        similar = next((each for each in offered if each.number == answer.value), None)
        if similar is not None:
            _join(turn, run, similar)
            return
    if is_current and not _is_choice(turn, run, answer.value):  # it ended meanwhile, or was never offered
        put(turn, engine.repeat(FILE, run))
        return
    put(turn, engine.advance(FILE, run, answer))


def _is_choice(turn: Turn, run: Run, value: str) -> bool:
    """Whether a tap of the present step has a value that the step knows."""
    match run.step:
        case "accused":
            return value in {NONE, *(str(department.id) for department in departments(turn.uow))}
        case "similar":
            return value == NONE
        case "category":
            offered = (name for name, known in read_categories(turn.uow).items() if known.is_offered)
            return value in {code_of(turn, name) for name in offered}
        case "send":
            return value == "yes"
        case _:
            return True


def back(turn: Turn, run: Run) -> None:
    """To the question before, of those that were put to the person: where, or what."""
    earlier = "what" if run.step == "place" else "place"
    put(turn, Left() if run.step == "what" else engine.ask_again(FILE, run, earlier))


def keep_words(turn: Turn, run: Run, message: Message) -> None:
    """Adds words that were answered otherwise to what is being told."""
    more = [*ids_in(run.answers.get("more")), message.id]
    answers: dict[str, Value] = {**run.answers, "more": ",".join(map(str, more))}
    turn.state.run = Run(flow=run.flow, run_id=run.run_id, step=run.step, answers=answers)


def say_more(turn: Turn, run: Run, message: Message, intent: Intent) -> bool:
    """Words typed where a tap was asked for: "ส่ง" is the tap; anything else belongs to the case.

    So does what is surely a question or an insult where a place was asked for.
    """
    words = message.text.strip()
    if run.step == "send" and checks.is_yes(words):
        put(turn, engine.advance(FILE, run, TapAnswer(run_id=run.run_id, step="send", value="yes")))
        return True
    if run.step == "category":
        is_content = checks.is_yes(words)  # "ส่ง": with the category that was proposed
        named = (
            code_of(turn, propose(turn, text_of(turn, run.answers))[0])
            if is_content
            else code_named(turn, words)
        )
        if named is not None:
            put(turn, engine.advance(FILE, run, TapAnswer(run_id=run.run_id, step="category", value=named)))
            return True
    if run.step == "similar" and checks.is_no(words):
        put(turn, engine.advance(FILE, run, TapAnswer(run_id=run.run_id, step="similar", value=NONE)))
        return True
    if run.step == "similar" and checks.is_same(words):
        similar = similar_cases(turn, run.answers, category_named_by(turn, run.answers))
        if len(similar) == 1:
            _join(turn, run, similar[0])
        else:
            put(turn, engine.repeat(FILE, run))
        return True
    is_beside = (
        run.step == "place"
        and intent.label in (IntentLabel.QUESTION, IntentLabel.ABUSE)
        and intent.probability >= CERTAIN_TALK
        and not checks.says_where(words)
    )
    if run.step not in ("send", "similar", "category", "accused") and not is_beside:
        return False
    keep_words(turn, run, message)
    turn.say(turn.text("report.more_kept"))
    put(turn, engine.repeat(FILE, turn.state.run or run))
    return True


def _filled(turn: Turn, run: Run) -> dict[str, Value]:
    """The answers with those that follow from others. What the person wants to change is left to them."""
    answers = dict(run.answers)
    text = text_of(turn, answers)
    if "what" in answers and not text.strip():  # taken back meanwhile
        del answers["what"]
        return answers
    if "what" not in answers:
        return answers
    if "category" not in answers and run.step != "category":
        answers["category"] = code_of(turn, propose(turn, text)[0])
    category = category_named_by(turn, answers)
    if "place" not in answers and category == PRAISE:
        answers["place"] = None
    is_asked_whom = is_about_people(turn, category) and departments(turn.uow)
    if "accused" not in answers and run.step != "category" and "place" in answers and not is_asked_whom:
        answers["accused"] = NONE
    if "similar" not in answers and "accused" in answers and not similar_cases(turn, answers, category):
        answers["similar"] = NONE
    return answers


def _ask(turn: Turn, ask: Ask) -> None:
    run = ask.run
    problem = (turn.text(ask.problem) + "\n") if ask.problem else ""
    ways_out = tuple(turn.button(label, payload) for payload, label in ask.options)
    match run.step:
        case "place":
            text = text_of(turn, run.answers)
            if checks.names_place(text):
                said = turn.button("report.place_in_words", flow_payload(run, "_skip"))
                ways_out = (said, *ways_out[1:])
            category = category_named_by(turn, run.answers) if "what" in run.answers else ""
            key = "report.ask_place" if category else "report.ask_place_first"
            prompt = turn.text(key, category=category)
            turn.say(AskLocation(prompt=problem + prompt, options=ways_out))
        case "accused":
            theirs = [
                Button(label=department.name, payload=flow_payload(run, str(department.id)))
                for department in departments(turn.uow)
            ]
            unknown = turn.button("report.accused_unknown", flow_payload(run, NONE))
            first, rest = theirs[: MAX_BUTTONS - 1], theirs[MAX_BUTTONS - 1 :]
            turn.say(Choices(prompt=problem + turn.text(ask.prompt), options=(*first, unknown)))
            turn.offer(*rest[: MAX_QUICK_REPLIES - 1], ways_out[-1])
        case "similar":
            category = category_named_by(turn, run.answers)
            options = [
                Button(label=offer_of(turn, similar), payload=flow_payload(run, similar.number))
                for similar in similar_cases(turn, run.answers, category)
            ]
            options.append(turn.button("report.not_the_same", flow_payload(run, NONE)))
            turn.say(Choices(prompt=problem + turn.text(ask.prompt), options=tuple(options)))
            turn.offer(ways_out[-1])
        case "category":
            _ask_category(turn, run, problem=problem)
        case "send":
            _ask_send(turn, run, ways_out[-1], problem)
        case _:
            turn.say(Choices(prompt=problem + turn.text(ask.prompt), options=ways_out))


def _ask_category(turn: Turn, run: Run, *, is_all: bool = False, problem: str = "") -> None:
    names = propose(turn, text_of(turn, run.answers))
    first, rest = names[:FIRST_CATEGORIES], names[FIRST_CATEGORIES:]
    here = rest if is_all else first
    options = [Button(label=name, payload=flow_payload(run, code_of(turn, name))) for name in here[:9]]
    if not is_all and rest:
        options.append(turn.button("report.all_categories", flow_payload(run, "all")))
    turn.say(Choices(prompt=problem + turn.text("report.ask_category"), options=tuple(options)))
    over = [Button(label=name, payload=flow_payload(run, code_of(turn, name))) for name in here[9:]]
    turn.offer(*over, turn.button("dialog.cancel", flow_payload(run, CANCEL)))


def _ask_send(turn: Turn, run: Run, cancel: Button, problem: str) -> None:
    """The summary: everything as it will be kept, and what can still be changed."""
    text = text_of(turn, run.answers)
    photos = len(held_photos.held_of(turn.uow, turn.talk.contact.id, photos_since(run, turn.uow.now)))
    name = turn.own_message(int(run.answers.get("name") or 0))
    unsaid = "report.place_is_in_words" if checks.names_place(text) else "report.no_place"
    rows = [
        Row(left=turn.text("report.row_category"), right=category_named_by(turn, run.answers)),
        Row(left=turn.text("report.row_place"), right=place_words(turn, run) or turn.text(unsaid)),
        Row(
            left=turn.text("report.row_photos"),
            right=turn.text("report.photos", count=photos) if photos else turn.text("report.no_photos"),
        ),
        Row(left=turn.text("report.row_name"), right=name.text if name else turn.text("report.no_name")),
    ]
    card = Card(
        label=turn.text("report.check_label"),
        title=turn.text("report.check"),
        body=problem + (text if len(text) <= _SUMMARY_TEXT else text[:_SUMMARY_TEXT] + "…"),
        rows=tuple(rows),
        buttons=(
            turn.button("report.send", flow_payload(run, "yes")),
            turn.button("report.change_category", flow_payload(run, "category")),
            turn.button("report.change_place", flow_payload(run, "place")),
            turn.button("report.add_name", flow_payload(run, "name")),
        ),
    )
    turn.say(card)
    turn.offer(cancel)


def _join(turn: Turn, run: Run, similar: Similar) -> None:
    """ฉันด้วย: follows the other case; words and photos go to its officers, and to nobody else."""
    contact_id = turn.talk.contact.id
    filing.join(turn.uow, similar.number, contact_id, words=text_of(turn, run.answers))
    held_photos.attach_held(turn.uow, similar.complaint_id, contact_id, since=photos_since(run, turn.uow.now))
    asks.became_report(turn.uow, told_in(run.answers))
    turn.state.run = None
    turn.say(
        Card(
            title=turn.text("report.joined", number=shown(similar.number)),
            body=turn.text("report.joined_body"),
            buttons=(turn.button("track.look", f"case:{similar.number}"),),
        )
    )
    main_menu.offer_menu(turn)


def _finish(turn: Turn, run: Run) -> None:
    text = text_of(turn, run.answers)
    if not text.strip():
        begin(turn)
        return
    filed = filing.file_complaint(
        turn.uow,
        new_complaint(turn, run, text),
        idempotency_key=f"chat:{turn.talk.conversation.id}:{run.run_id}",
    )
    owner = Resident(contact_id=turn.talk.contact.id)
    if filed.key:  # filed just now: what is more than a case's text holds goes beside it
        limits.count_filing(turn)
        for part in in_parts(text)[1:]:
            residents.say(turn.uow, filed.number, owner, part)
    held_photos.attach_held(
        turn.uow, filed.complaint_id, turn.talk.contact.id, since=photos_since(run, turn.uow.now)
    )
    asks.became_report(turn.uow, told_in(run.answers))
    turn.remember_case(filed.number)
    turn.say(receipt(turn, filed))
    main_menu.offer_menu(turn)

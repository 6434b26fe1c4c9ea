"""ติดตาม: how a case stands, and all that its resident can do with it from the chat."""

import re
import secrets
from datetime import timedelta

from bot.dialog import engine
from bot.dialog.flow import Ask, AskText, Finished, Flow, Left, Run, Value
from bot.flows import checks, limits, main_menu
from bot.flows.complaint_words import date_rows, line_of, state_of, what_next
from bot.flows.turn import Turn
from eservice.complaints import arrivals, filing, held_photos, queries, ratings, residents
from eservice.complaints.cases import Resident
from eservice.complaints.numbers import read_number, shown
from eservice.complaints.queries import PublicStatus
from eservice.complaints.states import ComplaintState, is_open
from eservice.kit.errors import ServiceError, conflict
from eservice.messaging.content import Button, Card, Choices, Row
from eservice.messaging.models import ChannelName, Message

SAY = Flow(
    name="case_say",
    steps=(
        AskText(name="words", prompt="track.ask_words", check=checks.complaint_problem, takes_questions=True),
    ),
)
OBJECT = Flow(
    name="case_not",
    steps=(
        AskText(
            name="words",
            prompt="track.ask_why_not",
            check=checks.complaint_problem,
            skip="track.skip_why",
            takes_questions=True,
        ),
    ),
)
RATE = Flow(
    name="case_rate",
    steps=(
        AskText(
            name="words", prompt="track.ask_rating_words", check=checks.complaint_problem,
            skip="track.skip_rating_words", takes_questions=True,
        ),
    ),
)  # fmt: skip
FLOWS = (SAY, OBJECT, RATE)
ANSWERED_WITHIN = timedelta(days=1)  # so long free words may be what the office asked for
MOST_SHOWN = 8  # cases in one list
_BEFORE_NUMBER = re.compile(
    r"^(?:(?:ขอ|ดู|เช็ค|ติดตาม|ตาม|เรื่อง|เลข|ที่|คือ|หมายเลข|no\.?|case)\s*)+(?=[#0-9a-z๐-๙])", re.I
)
_LIKE_NUMBER = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}", re.I)  # as it is printed, but with a slip in it
LAST_NEWS = 4  # things that happened, in one card


def show_mine(turn: Turn) -> None:
    """What this person filed or follows."""
    mine = queries.of_contact(turn.uow, turn.talk.contact.id, limit=MOST_SHOWN)
    if len(mine) == 1:
        show(turn, mine[0].number)
        return
    if not mine:
        turn.say(
            Choices(
                prompt=turn.text("track.none"), options=(turn.button("menu.report.title", "menu:report"),)
            )
        )
        return
    options = tuple(
        Button(
            label=turn.text("track.in_list", number=shown(status.number), state=state_of(turn, status)),
            payload=f"case:{status.number}",
        )
        for status in mine
    )
    turn.say(Choices(prompt=turn.text("track.which"), options=options))
    main_menu.offer_menu(turn)


def show(turn: Turn, number: str) -> None:
    """One case: the whole of it for its owner, what anybody may know for others."""
    try:
        timeline = queries.timeline(turn.uow, number, _me(turn))
    except ServiceError:
        _show_public(turn, number)
        return
    status = timeline.status
    rows = [*date_rows(turn, status)]
    if status.continues_as:
        rows.append(Row(left=turn.text("track.row_parent"), right=shown(status.continues_as)))
    news = "\n".join(line_of(turn, entry) for entry in timeline.entries[-LAST_NEWS:])
    turn.say(
        Card(
            label=turn.text("track.label", category=timeline.category, number=shown(status.number)),
            title=state_of(turn, status),
            body=f"{timeline.text[:200]}\n\n{news}",
            rows=tuple(rows),
            buttons=what_next(turn, status),
            is_open_choice=status.state is ComplaintState.RESOLVED,
        )
    )
    main_menu.offer_menu(turn)


def show_typed(turn: Turn, text: str) -> bool:
    """A number typed anywhere, perhaps with its key behind it; False when the text is none."""
    words = _BEFORE_NUMBER.sub("", text.replace(",", " ").strip()).split()
    for size in (1, 2, 3):  # a number may be typed in halves
        number = read_number("".join(words[:size])) if len(words) >= size else None
        if number is not None and len(words) - size <= 2:
            _open_typed(turn, number, "".join(words[size:]))
            return True
    if _LIKE_NUMBER.fullmatch(" ".join(words)):
        limits.count_wrong(turn)
        turn.say(turn.text("errors.complaints.not_found"))
        main_menu.offer_menu(turn)
        return True
    return False


def show_when_asked(turn: Turn, message: Message, text: str) -> bool:
    """What this person filed, when they ask in free words how far it has come."""
    is_bare = checks.asks_when_done(text)
    if not is_bare and not checks.asks_how_far(text):
        return False
    if queries.of_contact(turn.uow, turn.talk.contact.id, limit=1):
        show_mine(turn)
        return True
    if is_bare:
        return False
    options = (
        turn.button("unknown.report", f"report:{message.id}"),
        turn.button("unknown.leave", f"leave:{message.id}:q"),
    )
    turn.say(Choices(prompt=turn.text("track.none"), options=options))
    return True


def take_verdict(turn: Turn, text: str) -> bool:
    """ "แก้แล้ว" or "ยังไม่ได้แก้", typed below the office's word that the work is done."""
    is_fixed = checks.says_fixed(text)
    if not is_fixed and not checks.says_not_fixed(text):
        return False
    resolved = _own(turn, ComplaintState.RESOLVED)
    if not resolved:
        return False
    if len(resolved) > 1:
        show_mine(turn)
    elif is_fixed:
        fixed(turn, resolved[0].number)
    else:
        begin_object(turn, resolved[0].number)
    return True


def asked_about(turn: Turn) -> str | None:
    """The number of this person's one case about which the office has just asked for more."""
    asked = [
        status
        for status in _own(turn, ComplaintState.NEEDS_INFORMATION)
        if turn.uow.now - status.changed_at <= ANSWERED_WITHIN
    ]
    return asked[0].number if len(asked) == 1 else None


def give_information(turn: Turn, message: Message) -> bool:
    """Takes words that mean nothing else as what the office has asked for; a tap makes a new case of them."""
    number = asked_about(turn)
    if number is None:
        return False
    residents.say(turn.uow, number, _me(turn), message.text)
    turn.say(turn.text("track.said", number=shown(number)))
    turn.offer(
        turn.button("track.look", f"case:{number}"), turn.button("track.new_case", f"report:{message.id}")
    )
    return True


def begin_say(turn: Turn, number: str) -> None:
    """Asks for words to the officers."""
    _begin(turn, SAY, number)


def begin_object(turn: Turn, number: str) -> None:
    """ยังไม่ได้แก้: asks what is wrong, which may be left out."""
    _begin(turn, OBJECT, number)


def fixed(turn: Turn, number: str) -> None:
    """แก้แล้ว: the resident's word, then how content they are."""
    residents.confirm(turn.uow, number, _me(turn))
    options = tuple(
        Button(label=turn.text(f"track.stars_{stars}"), payload=f"caserate:{number}:{stars}")
        for stars in (5, 4, 3, 2, 1)
    )
    turn.say(Choices(prompt=turn.text("track.ask_rating"), options=options))


def rate(turn: Turn, number: str, stars: int) -> None:
    """Keeps the mark at once; words may follow."""
    ratings.rate(turn.uow, number, _me(turn), stars)
    turn.say(turn.text("track.rated"))
    put(turn, engine.begin(RATE, secrets.token_hex(4), {"number": number, "stars": stars}))


def ask_withdraw(turn: Turn, number: str) -> None:
    """Asks once more before a case is taken back."""
    options = (
        turn.button("track.withdraw_yes", f"casedrop:{number}:yes"),
        turn.button("track.withdraw_no", f"case:{number}"),
    )
    turn.say(Choices(prompt=turn.text("track.ask_withdraw", number=shown(number)), options=options))


def withdraw(turn: Turn, number: str) -> None:
    """Takes the case back."""
    residents.withdraw(turn.uow, number, _me(turn))
    turn.say(turn.text("track.withdrawn", number=shown(number)))
    main_menu.offer_menu(turn)


def leave(turn: Turn, number: str) -> None:
    """Follows another's case no more."""
    if not _follows(turn, number):
        limits.refuse_guesser(turn)
    filing.leave(turn.uow, number, turn.talk.contact.id)
    turn.say(turn.text("track.left", number=shown(number)))
    main_menu.offer_menu(turn)


def number_of(run: Run) -> str | None:
    """The number of the case that an open dialog of this module is about."""
    return str(run.answers["number"]) if run.flow in {flow.name for flow in FLOWS} else None


def add_photo(turn: Turn, message: Message, media_ref: str, number: str, *, is_answered: bool = True) -> None:
    """A photo sent after the case was filed belongs to it; when the office had asked for more, the case goes on.

    Raises ServiceError `complaints.not_found`, `complaints.ended`, `photos.too_many`.
    """
    complaint_id = queries.id_for_resident(turn.uow, number, _me(turn))
    state = queries.public_status(turn.uow, number).state
    if not is_open(state) and state is not ComplaintState.DUPLICATE:
        raise conflict("complaints.ended")
    note_photo(turn, message, media_ref, complaint_id)
    if state is ComplaintState.NEEDS_INFORMATION:
        residents.say(turn.uow, number, _me(turn), turn.text("track.photo_sent"))
    if is_answered:
        turn.say(turn.text("track.photo_added", number=shown(number)))
        turn.offer(turn.button("track.say", f"casesay:{number}"), turn.button("track.look", f"case:{number}"))


def note_photo(turn: Turn, message: Message, media_ref: str, complaint_id: int | None = None) -> None:
    """A photo of this message, for a case or to be held. On the web it is here already; elsewhere it is fetched.

    Raises ServiceError `photos.too_many`, `photos.not_found`.
    """
    contact = turn.talk.contact
    if contact.channel is ChannelName.WEB:
        held_photos.said_in(turn.uow, contact.id, media_ref, message.id, complaint_id)
        return
    arrivals.expect(
        turn.uow,
        contact_id=contact.id,
        message_id=message.id,
        channel=contact.channel,
        media_ref=media_ref,
        complaint_id=complaint_id,
    )


def put(turn: Turn, outcome: Ask | Finished | Left) -> None:
    """Says what comes next, and keeps where it stands."""
    match outcome:
        case Ask(run=run):
            turn.state.run = run
            problem = (turn.text(outcome.problem) + "\n") if outcome.problem else ""
            options = tuple(turn.button(label, payload) for payload, label in outcome.options)
            turn.say(Choices(prompt=problem + turn.text(outcome.prompt), options=options))
        case Finished(run=run):
            turn.state.run = None
            _finish(turn, run)
        case Left():
            turn.state.run = None
            turn.say(turn.text("dialog.cancelled"))


def _begin(turn: Turn, flow: Flow, number: str) -> None:
    queries.timeline(turn.uow, number, _me(turn))  # refused here already, before anything is typed in vain
    answers: dict[str, Value] = {"number": number}
    put(turn, engine.begin(flow, secrets.token_hex(4), answers))


def _finish(turn: Turn, run: Run) -> None:
    number = str(run.answers["number"])
    message = turn.own_message(int(run.answers.get("words") or 0))
    words = message.text if message else ""
    try:
        _act(turn, run, number, words)
    except ServiceError as refusal:  # meanwhile it was reopened, closed, or the time ran out
        turn.say(turn.text(f"errors.{refusal.code}"))
        if words and refusal.code != "complaints.not_found":  # the officers read them all the same
            residents.say(turn.uow, number, _me(turn), words)
            turn.say(turn.text("track.said", number=shown(number)))
    turn.offer(turn.button("track.look", f"case:{number}"))


def _act(turn: Turn, run: Run, number: str, words: str) -> None:
    match run.flow:
        case SAY.name if words:
            residents.say(turn.uow, number, _me(turn), words)
            turn.say(turn.text("track.said", number=shown(number)))
        case OBJECT.name:
            residents.reopen(turn.uow, number, _me(turn), words or turn.text("track.no_reason"))
            turn.say(turn.text("track.reopened", number=shown(number)))
        case RATE.name:
            if words:
                ratings.rate(turn.uow, number, _me(turn), int(run.answers["stars"] or 0), words)
            turn.say(turn.text("track.rating_thanks"))
        case _:
            turn.say(turn.text("leave.forgotten"))


def _open_typed(turn: Turn, number: str, key: str) -> None:
    try:
        if key or not _follows(turn, number):  # nobody is kept from what is theirs
            limits.refuse_guesser(turn)
        if key:
            timeline = queries.timeline(turn.uow, number, Resident(contact_id=turn.talk.contact.id, key=key))
            _show_with_key(turn, timeline.status, [line_of(turn, entry) for entry in timeline.entries])
        else:
            queries.public_status(turn.uow, number)
            show(turn, number)
    except ServiceError as refusal:
        if refusal.code == "complaints.not_found":
            limits.count_wrong(turn)
        turn.say(turn.text(f"errors.{refusal.code}"))
        main_menu.offer_menu(turn)


def _own(turn: Turn, state: ComplaintState) -> list[PublicStatus]:
    """The cases in a state that this person filed themselves."""
    return [status for status in queries.filed_by(turn.uow, turn.talk.contact.id) if status.state is state]


def _show_with_key(turn: Turn, status: PublicStatus, lines: list[str]) -> None:
    turn.say(
        Card(
            label=turn.text("track.row_number", number=shown(status.number)),
            title=state_of(turn, status),
            body="\n".join(lines[-LAST_NEWS:]),
            rows=tuple(date_rows(turn, status)),
        )
    )
    main_menu.offer_menu(turn)


def _show_public(turn: Turn, number: str) -> None:
    is_follower = _follows(turn, number)
    if not is_follower:
        limits.refuse_guesser(turn)
    status = queries.public_status(turn.uow, number)
    rows = [
        Row(
            left=turn.text("track.row_department"),
            right=status.department or turn.text("track.no_department"),
        )
    ]
    buttons = (turn.button("track.leave", f"caseleave:{status.number}"),) if is_follower else ()
    turn.say(
        Card(
            label=turn.text("track.row_number", number=shown(status.number)),
            title=state_of(turn, status),
            rows=(*rows, *date_rows(turn, status)),
            buttons=buttons,
        )
    )
    main_menu.offer_menu(turn)


def _follows(turn: Turn, number: str) -> bool:
    mine = queries.of_contact(turn.uow, turn.talk.contact.id)
    return any(known.number == read_number(number) for known in mine)


def _me(turn: Turn) -> Resident:
    return Resident(contact_id=turn.talk.contact.id)

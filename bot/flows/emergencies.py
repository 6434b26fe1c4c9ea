"""Words of emergency: the right numbers at once, in every state, before anything else."""

from bot.flows.turn import Turn
from eservice.messaging.content import Card, LinkButton
from eservice.messaging.models import Handler, Message
from knowledge.classify.intents import IntentLabel, classify_intent
from knowledge.emergency import find_emergency

# What the office mends once everybody is safe: the hole in the road, the wire, the dog, the snake.
_OFFICE_MENDS = frozenset({"accident", "animal_bite", "electric", "flood_rescue", "snake"})


def answer_emergency(turn: Turn, message: Message, text: str) -> bool:
    """Shows whom to call when the text speaks of an emergency; says whether it does.

    "The hole again, two motorcycles fell" is an emergency or a report: such words can also be left with the
    office, below the numbers.
    """
    emergency = find_emergency(text)
    if emergency is None:
        return False
    thai = turn.language == "th"
    numbers = [(number, name_th if thai else name_en) for number, name_th, name_en in emergency.numbers]
    turn.say(
        Card(
            label=turn.text("emergency.title"),
            title=" · ".join(turn.text("emergency.call", number=n, name=name) for n, name in numbers[:2]),
            body=f"{emergency.advice_th if thai else emergency.advice_en}\n{turn.text('emergency.after')}",
            buttons=tuple(
                LinkButton(label=turn.text("emergency.call", number=n, name=name), url=f"tel:{n}")
                for n, name in numbers
            ),
        )
    )
    free = turn.state.run is None and turn.talk.conversation.handler is Handler.BOT
    if free and emergency.kind in _OFFICE_MENDS and classify_intent(text).label is IntentLabel.PROBLEM:
        turn.offer(turn.button("unknown.report", f"report:{message.id}"))
    return True


def is_for_the_office_too(text: str) -> bool:
    """Whether words of an emergency also tell of something that the office mends."""
    emergency = find_emergency(text)
    is_question = classify_intent(text).label is IntentLabel.QUESTION
    return emergency is not None and emergency.kind in _OFFICE_MENDS and not is_question

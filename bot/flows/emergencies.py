"""Words of emergency: the right numbers at once, in every state, before anything else."""

from bot.flows.turn import Turn
from eservice.messaging.content import Card, LinkButton
from knowledge.emergency import find_emergency


def answer_emergency(turn: Turn, text: str) -> bool:
    """Shows whom to call when the text speaks of an emergency; says whether it does."""
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
    return True

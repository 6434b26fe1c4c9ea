"""คุยกับเจ้าหน้าที่: what it is about, and a telephone number if the person wishes to be called."""

from bot.dialog.flow import AskText, Flow
from bot.flows.checks import phone_problem

FLOW = Flow(
    name="talk",
    steps=(
        AskText(name="question", prompt="talk.ask_question", takes_questions=True),
        AskText(name="phone", prompt="talk.ask_phone", check=phone_problem, skip="talk.skip_phone"),
    ),
)

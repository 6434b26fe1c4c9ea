"""A telephone number added to a question already left with the office."""

from bot.dialog.flow import AskText, Flow
from bot.flows.checks import phone_problem

FLOW = Flow(name="phone", steps=(AskText(name="phone", prompt="talk.ask_phone", check=phone_problem),))

"""Which language we speak with a person: the one they chose, else the one they write.

Who writes English is answered in English at once and told how to change it back; who then writes Thai is
answered in Thai. Once somebody has chosen, only they change it. A group speaks with many voices and is left alone.
"""

from bot.english import has_latin_word, is_english
from bot.flows.turn import LanguageFrom, Turn
from eservice.messaging.content import Button
from eservice.messaging.models import ContactKind
from knowledge.entries.reply_choice import Reply
from knowledge.thai import has_thai

THAI = Button(label="ภาษาไทย", payload="lang:th")
ENGLISH = Button(label="English", payload="lang:en")


def follow(turn: Turn, text: str) -> None:
    """Speaks as this text is written, unless the person has chosen otherwise."""
    contact, state = turn.talk.contact, turn.state
    if contact.kind is not ContactKind.PERSON or state.language_from is LanguageFrom.CHOICE:
        return
    if contact.language == "th" and is_english(text):
        contact.language, state.language_from, turn.language_changed = "en", LanguageFrom.GUESS, True
    elif state.language_from is LanguageFrom.GUESS and has_thai(text):
        contact.language, state.language_from = "th", None


def tell_of_change(turn: Turn) -> None:
    """Below a reply: that we have begun to speak English, and the way back."""
    if turn.language_changed and turn.parts:
        turn.say(turn.text("language.noticed"))
        turn.offer(THAI)


def offer_english(turn: Turn, text: str, reply: Reply) -> None:
    """Where a text in Latin letters was not understood: perhaps it was English."""
    if turn.language == "th" and reply not in (Reply.ANSWER, Reply.CHOICES) and has_latin_word(text):
        turn.offer(ENGLISH)


def choose(turn: Turn, language: str) -> None:
    """What the person chose holds until they choose again."""
    turn.talk.contact.language, turn.state.language_from = language, LanguageFrom.CHOICE
    turn.say(turn.text("language.changed"))

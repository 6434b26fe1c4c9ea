"""Welcome, menu, topics: where everything begins, and where one can always go back to."""

import zlib

from bot.flows.turn import Turn
from bot.menu import MENU
from eservice.messaging.content import MAX_BUTTONS, Button, Card, Choices, Link

TOPICS_PER_PAGE = MAX_BUTTONS - 1
QUESTIONS_PER_TOPIC = MAX_BUTTONS - 2
OFTEN_ASKED = 5


def welcome(turn: Turn) -> None:
    """The first words to a person, with the menu."""
    turn.say(
        Card(
            title=turn.text("welcome.title"),
            body=turn.text("welcome.body", office=turn.facts.office_name),
            buttons=_menu_buttons(turn),
        )
    )
    add_notice(turn)


def welcome_group(turn: Turn) -> None:
    """The first words to a group: how to address us there."""
    turn.say(turn.text("welcome.group", office=turn.facts.office_name))


def show_menu(turn: Turn) -> None:
    """The menu by itself."""
    turn.say(Choices(prompt=turn.text("menu.title"), options=_menu_buttons(turn)))
    turn.offer(turn.button("mydata.short", "mydata"))


def offer_menu(turn: Turn) -> None:
    """The menu as quick replies under whatever was said."""
    turn.offer(*(turn.button(f"menu.{item.key}.short", item.payload) for item in MENU))


def invite_question(turn: Turn) -> None:
    """ถามคำถาม: type it, or tap one that others ask."""
    often = turn.faq.most_asked(OFTEN_ASKED)
    if not often:
        turn.say(turn.text("ask.prompt"))
        return
    options = tuple(Button(label=face.question, payload=f"show:{face.id}") for face in often)
    turn.say(Choices(prompt=turn.text("ask.prompt"), options=options))
    turn.offer(turn.button("menu.eservice.short", "menu:eservice"))


def show_topics(turn: Turn, first: int = 0) -> None:
    """บริการออนไลน์ E-Service: the topics, a page at a time."""
    topics = [name for name, _count in turn.faq.categories()]
    if not topics:
        turn.say(turn.text("ask.prompt"))
        return
    first = first if 0 <= first < len(topics) else 0
    page = topics[first : first + TOPICS_PER_PAGE]
    options = [Button(label=name, payload=f"topic:{topic_id(name)}") for name in page]
    if len(topics) > TOPICS_PER_PAGE:
        rest = first + TOPICS_PER_PAGE
        options.append(turn.button("ask.more_topics", f"topics:{rest if rest < len(topics) else 0}"))
    turn.say(Choices(prompt=turn.text("ask.topics"), options=tuple(options)))


def show_topic(turn: Turn, identifier: str) -> None:
    """The questions of one topic, most asked first."""
    name = next((name for name, _count in turn.faq.categories() if topic_id(name) == identifier), None)
    if name is None:
        show_topics(turn)
        return
    faces = turn.faq.most_asked(QUESTIONS_PER_TOPIC, category=name)
    options = [Button(label=face.question, payload=f"show:{face.id}") for face in faces]
    options.append(turn.button("ask.more_topics", "menu:eservice"))
    turn.say(Choices(prompt=turn.text("ask.topic_questions", topic=name), options=tuple(options)))
    turn.offer(turn.button("menu.staff.short", "menu:staff"))


def add_notice(turn: Turn) -> None:
    """Mentions the privacy notice once per version, with the first words to a person."""
    version = turn.facts.notice_version
    if version is None or turn.talk.contact.notice_version == version:
        return
    turn.talk.contact.notice_version = version
    url = f"{turn.facts.public_url}/privacy"
    turn.say(Link(text=turn.text("notice.text"), label=turn.text("notice.label"), url=url))


def topic_id(name: str) -> str:
    """A short name for a topic that fits a button's payload."""
    return f"{zlib.crc32(name.encode()):08x}"


def _menu_buttons(turn: Turn) -> tuple[Button, ...]:
    return tuple(turn.button(f"menu.{item.key}.title", item.payload) for item in MENU)

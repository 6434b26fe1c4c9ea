"""What scenes of complaints share: telling, photos, pins, receipts, and how a case is stored."""

import base64
import io
import re
import time
from typing import Any

from PIL import Image

from tests.acceptance.desk import Desk, Stored, case_of, cases_with, comes_to_hold
from tests.acceptance.stage import Resident, Stage, labels_of, said, told

SEND = told("report.send")
WHERE = told("report.ask_place_first").partition("คะ")[0]  # both questions have it
IN_WORDS = told("report.place_in_words")
REPORT = told("unknown.report")
FIXED, NOT_FIXED = told("complaint_news.is_fixed"), told("complaint_news.not_fixed")
NUMBER = re.compile(r"\b([0-9A-Z]{4})-([0-9A-Z]{4})\b")


def picture() -> str:
    """A small photo as a telephone sends one, in base64."""
    image = Image.effect_noise((64, 48), 80).convert("RGB")
    stored = io.BytesIO()
    image.save(stored, "JPEG")
    return base64.b64encode(stored.getvalue()).decode()


def photographs(resident: Resident, **fields: object) -> None:
    """Sends a photo. The emulator's Telegram has only files that are no pictures."""
    if resident.channel == "line":
        resident.does("image", data=picture(), **fields)
    else:
        resident.does("photo", **fields)


def points(resident: Resident, latitude: float, longitude: float) -> None:
    """Shares a pin."""
    if resident.channel == "line":
        resident.does("location", title="ที่นี่", address="ต.หนองบัว", latitude=latitude, longitude=longitude)
    else:
        resident.does("location", location={"latitude": latitude, "longitude": longitude})


def receipt(resident: Resident) -> str:
    """Reads the receipt; returns the number, without its hyphen."""
    shown = said(resident.sees(told("report.received"), told("report.row_key"), why="the receipt"))
    found = NUMBER.search(shown)
    resident.stage.check(found, f"no number in the receipt: {shown!r}")
    return "".join(found.groups()) if found else ""


def tells(resident: Resident, words: str) -> list[dict[str, Any]]:
    """Tells of a problem; where the FAQ has an answer to it as well, one tap more reports it."""
    event = resident.says(words)
    shown = resident.sees(why=words)
    if REPORT in labels_of(shown):
        resident.taps(REPORT)
        shown = resident.sees(why=REPORT)
    where = said(shown)
    resident.stage.check(WHERE in where, f"{words!r} asks for no place: {where!r}")
    return [event, *shown]


def files(resident: Resident, words: str) -> str:
    """Tells of a problem in words that hold its place, and sends it; returns its number."""
    tells(resident, words)
    resident.taps(IN_WORDS)
    shown = resident.sees()
    if told("report.ask_similar") in said(shown):
        resident.taps(told("report.not_the_same"))
        shown = resident.sees()
    resident.stage.check(told("report.check") in said(shown), f"{words!r}: no summary in {said(shown)!r}")
    resident.taps(SEND)
    return receipt(resident)


def tag(resident: Resident) -> str:
    """What tells one person's words from another's."""
    return str(resident.address)[-4:]


def gathers(resident: Resident, *words: str, seconds: float = 8.0) -> str:
    """What comes until all the words have come, in however many messages and in whichever order."""
    text, end = "", time.monotonic() + seconds
    while not all(word in text for word in words) and time.monotonic() < end:
        text += "\n" + said(resident.fresh(1, 1.0))
    for word in words:
        resident.stage.check(word in text, f"{resident.channel} {resident.chat}: {word!r} is not in {text!r}")
    return text


def stands(stage: Stage, desk: Desk, number: str, state: str, **facts: object) -> Stored:
    """Checks how a complaint is stored."""
    held = comes_to_hold(lambda: case_of(desk.database, number).state == state)
    case = case_of(desk.database, number)
    stage.check(held, f"{number} is {case.state}, not {state}")
    for name, value in facts.items():
        stage.check(
            getattr(case, name) == value, f"{number}: {name} is {getattr(case, name)!r}, not {value!r}"
        )
    return case


def only_case(stage: Stage, desk: Desk, words: str) -> Stored:
    """The one complaint that holds these words."""
    found = cases_with(desk.database, words)
    stage.check(len(found) == 1, f"{len(found)} complaints hold {words!r}")
    return found[0]


def refused(resident: Resident) -> tuple[str, ...]:
    """What is told besides of the emulator's Telegram files, which are no pictures."""
    return () if resident.channel == "line" else (told("photo.not_a_picture"),)

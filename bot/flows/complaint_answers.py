"""What the telling of a case holds, read from its answers: words, place, category, and cases like it."""

from datetime import UTC, datetime

from bot.dialog.flow import Run, Value
from bot.flows.turn import Turn
from eservice.complaints import nearby
from eservice.complaints.categories import CORRUPTION, read_categories
from eservice.complaints.clocks import OTHER_CATEGORY
from eservice.complaints.corruption import reads_like_corruption
from eservice.complaints.filing import NewComplaint
from eservice.complaints.held_photos import HELD_FOR
from eservice.complaints.models import Source
from eservice.complaints.nearby import DISTANCE_STEP_M, Similar
from eservice.complaints.villages import read_village
from eservice.complaints.wording import in_parts
from eservice.kit.thai_calendar import thai_date
from eservice.messaging.models import ChannelName
from eservice.staff.queries import department_names

SURELY = 0.7  # probability
NONE = "none"  # no department accused, no other case the same
SOURCES = {
    ChannelName.LINE: Source.LINE,
    ChannelName.TELEGRAM: Source.TELEGRAM,
    ChannelName.WEB: Source.WEB,
}


def propose(turn: Turn, text: str) -> list[str]:
    """Categories for a text, best first, of those that the office offers; อื่นๆ at the end."""
    offered = [name for name, category in read_categories(turn.uow).items() if category.is_offered]
    likely = [label for label, _p in turn.complaints.categories(text, limit=len(offered)) if label in offered]
    # Whatever was bought or built with the money: its words must not hide what it is about.
    if CORRUPTION in offered and reads_like_corruption(text, ()):
        likely = [CORRUPTION, *(label for label in likely if label != CORRUPTION)]
    rest = [name for name in offered if name not in likely]
    return [*(likely or [OTHER_CATEGORY]), *rest]


def text_of(turn: Turn, answers: dict[str, Value]) -> str:
    """All that was said of the matter; empty once it was taken back."""
    said = [message.text for id_ in told_in(answers) if (message := turn.own_message(id_)) is not None]
    return "\n".join(said)


def told_in(answers: dict[str, Value]) -> list[int]:
    """The messages that the matter was told in."""
    return [int(answers["what"] or 0), *ids_in(answers.get("more"))] if "what" in answers else []


def tells_of_corruption(turn: Turn, text: str, *, is_report: bool) -> bool:
    """Whether a text reads like a report of corruption, which belongs with other bodies than the office.

    For what is a report anyway a fair chance is enough; a question must name it, or be more probably that.
    """
    likely = turn.complaints.categories(text)
    if is_report:
        return reads_like_corruption(text, likely)
    return reads_like_corruption(text, [found for found in likely[:1] if found.probability >= SURELY])


def similar_cases(turn: Turn, answers: dict[str, Value], category: str) -> list[Similar]:
    """Open cases that this one may repeat."""
    place = turn.own_message(int(answers.get("place") or 0))
    pin = place.content if place and place.kind == "location" else None
    return nearby.open_nearby(
        turn.uow,
        category=category,
        text=text_of(turn, answers),
        latitude=pin["latitude"] if pin else None,
        longitude=pin["longitude"] if pin else None,
        contact_id=turn.talk.contact.id,
    )


def offer_of(turn: Turn, similar: Similar) -> str:
    """What is told of another's case: what anybody may know of it."""
    where = (
        turn.text("report.metres", metres=max(similar.distance_m, DISTANCE_STEP_M))
        if similar.distance_m is not None
        else similar.village or _unit_of(turn, similar)
    )
    return turn.text(
        "report.me_too", category=similar.category, where=where, filed=thai_date(similar.filed_at)
    )


def _unit_of(turn: Turn, similar: Similar) -> str:
    name = department_names(turn.uow).get(similar.department_id or 0)
    return turn.text("report.with_unit", unit=name) if name else turn.text("report.with_nobody")


def place_words(turn: Turn, run: Run) -> str:
    """Where, as the summary says it; empty when nothing was said."""
    place = turn.own_message(int(run.answers.get("place") or 0))
    if place is None:
        return ""
    if place.kind == "location":
        label = (place.content or {}).get("label")
        return f"{turn.text('report.pin')} {label}" if label else turn.text("report.pin")
    return place.text


def is_about_people(turn: Turn, category: str) -> bool:
    """Whether the category accuses somebody, so that it matters which department must not get it."""
    known = read_categories(turn.uow).get(category)
    return known is not None and known.is_sensitive and category != "ความปลอดภัย"


def category_named_by(turn: Turn, answers: dict[str, Value]) -> str:
    """The category that the answers hold; อื่นๆ while they hold none."""
    names = list(read_categories(turn.uow))
    code = str(answers.get("category") or "")
    return names[int(code)] if code.isdecimal() and int(code) < len(names) else OTHER_CATEGORY


def code_of(turn: Turn, name: str) -> str:
    """A category as a button carries it: its place in the list, which only ever grows at its end."""
    return str(list(read_categories(turn.uow)).index(name))


def code_named(turn: Turn, words: str) -> str | None:
    """The code of a category whose name is typed, or None."""
    names = list(read_categories(turn.uow))
    return next((str(place) for place, name in enumerate(names) if words and words == name), None)


def ids_in(value: Value) -> list[int]:
    """The message ids of an answer that holds several."""
    return [int(part) for part in str(value).split(",") if part.isdigit()] if value else []


def new_complaint(turn: Turn, run: Run, text: str) -> NewComplaint:
    """What the finished dialog files."""
    place = turn.own_message(int(run.answers.get("place") or 0))
    pin = place.content if place and place.kind == "location" else None
    name = turn.own_message(int(run.answers.get("name") or 0))
    words = str(pin.get("label") or "") if pin else place.text if place else ""
    address = " ".join(words.split())[:300]
    accused = str(run.answers.get("accused") or NONE)
    return NewComplaint(
        source=SOURCES[turn.talk.contact.channel],
        category=category_named_by(turn, run.answers),
        text=in_parts(text)[0],
        contact_id=turn.talk.contact.id,
        reporter_name=" ".join(name.text.split())[:300] if name else "",
        latitude=pin["latitude"] if pin else None,
        longitude=pin["longitude"] if pin else None,
        address=address,
        village=read_village(f"{address} {text}"),
        urgency=turn.complaints.urgency(text).urgency,
        accused=frozenset({int(accused)}) if accused.isdecimal() else frozenset(),
    )


def photos_since(run: Run, now: datetime) -> datetime:
    """Since when photos belong to what is told in this run."""
    begun = run.answers.get("photos_since")
    return datetime.fromtimestamp(float(begun), UTC) if begun is not None else now - HELD_FOR

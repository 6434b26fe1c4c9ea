"""How a case is put into words in the chat: its state, its dates, what happened, what can be done next."""

from bot.flows.turn import Turn
from eservice.complaints import queries
from eservice.complaints.categories import PRAISE
from eservice.complaints.filing import Filed
from eservice.complaints.models import CommentKind, Complaint
from eservice.complaints.numbers import shown
from eservice.complaints.queries import Happened, PublicStatus, Said
from eservice.complaints.states import ComplaintState, Standing, is_open, standing, state_name, waiting_name
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.messaging.content import Button, Card, LinkButton, Row


def what_next(turn: Turn, status: PublicStatus) -> tuple[Button, ...]:
    """What the owner can do now; the machine offers nothing that the table of moves refuses."""
    number = status.number
    if status.state is ComplaintState.RESOLVED:
        return (
            turn.button("track.is_fixed", f"casefixed:{number}"),
            turn.button("track.not_fixed", f"casenot:{number}"),
        )
    if status.state in (ComplaintState.CONFIRMED, ComplaintState.REJECTED):
        return (turn.button("track.object", f"casenot:{number}"),)
    if status.state is ComplaintState.DUPLICATE and status.continues_as:
        together = queries.public_status(turn.uow, status.continues_as)
        is_over = standing(together.state) in (Standing.SAID_DONE, Standing.FIXED)
        return (turn.button("track.object", f"casenot:{number}"),) if is_over else ()
    if is_open(status.state):
        return (
            turn.button("track.say", f"casesay:{number}"),
            turn.button("track.withdraw", f"casedrop:{number}"),
        )
    return ()


def state_of(turn: Turn, status: PublicStatus) -> str:
    """The state in words, with what is waited for."""
    name = state_name(turn.texts, status.state, turn.language, by_silence=status.by_silence)
    if status.waiting_reason is not None:
        return f"{name}: {waiting_name(turn.texts, status.waiting_reason, turn.language)}"
    return name


def date_rows(turn: Turn, status: PublicStatus) -> list[Row]:
    """When it was filed, and by when the office means to be done while it is not."""
    rows = [Row(left=turn.text("track.row_filed"), right=thai_date(status.filed_at))]
    if status.due_at and standing(status.state) is Standing.OPEN:
        key = "track.row_due_paused" if status.state is ComplaintState.WAITING else "track.row_due"
        rows.append(Row(left=turn.text(key), right=thai_date(status.due_at)))
    return rows


def line_of(turn: Turn, entry: Happened | Said) -> str:
    """One line of the timeline: when, what, and the words that were for the resident."""
    when = thai_datetime(entry.at)
    if isinstance(entry, Said):
        who = "track.you_said" if entry.kind is CommentKind.RESIDENT else "track.they_said"
        return f"{when} {turn.text(who)}: {entry.text}"
    what = state_name(turn.texts, entry.after, turn.language)
    if entry.before is entry.after or entry.after is ComplaintState.ASSIGNED:
        what = turn.text("track.with_department", department=entry.department)
    words = " ".join(text for text in (entry.note, entry.reason) if text)
    return f"{when} {what}" + (f": {words}" if words else "")


def receipt(turn: Turn, filed: Filed) -> Card:
    """What whoever filed a case keeps: its number, the key that nobody can show again, and the date."""
    complaint = turn.uow.session.get_one(Complaint, filed.complaint_id)
    rows = [Row(left=turn.text("report.row_number"), right=shown(filed.number), strong=True)]
    if filed.key:
        rows.append(Row(left=turn.text("report.row_key"), right=shown(filed.key), strong=True))
    if complaint.due_at and complaint.category != PRAISE:  # nothing is to be mended
        rows.append(Row(left=turn.text("report.row_due"), right=thai_date(complaint.due_at)))
    return Card(
        label=complaint.category,
        title=turn.text("report.received"),
        body=turn.text("report.received_body"),
        rows=tuple(rows),
        buttons=(
            turn.button("track.look", f"case:{filed.number}"),
            LinkButton(label=turn.text("report.on_the_web"), url=f"{turn.facts.public_url}/track"),
        ),
    )

"""What the desk's list and board show: filters, rows with both dates, columns by state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from sqlalchemy import select

from admin.access import SignedIn
from admin.case_words import answer_look, cut, due_look, last_day, state_look
from admin.delivery_words import Look
from eservice.complaints import categories, deadlines, listing
from eservice.complaints.clocks import WorkingHours
from eservice.complaints.listing import Asked, Box, Group
from eservice.complaints.models import Complaint, Source
from eservice.complaints.numbers import shown
from eservice.complaints.states import ComplaintState
from eservice.kit.errors import invalid
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import StaffAccount
from eservice.staff.permissions import Permission, Principal, departments_of
from eservice.staff.queries import all_accounts, department_names
from knowledge.classify import Urgency

HOME = "/admin/cases"
CARDS = 20  # in a column of the board
TEXT_LENGTH = 110
_DEGREES = r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?"
_TABS = (Group.OPEN, Group.NEW, Group.WORKING, Group.CHECK, Group.WAITING, Group.DONE, Group.ENDED, Group.ALL)
_COLUMNS = (Group.NEW, Group.WORKING, Group.CHECK, Group.WAITING, Group.DONE)
Number = Annotated[str, Query(pattern=r"^[0-9]{0,9}$")]


def asked_of(
    staff: SignedIn,
    group: Annotated[Group, Query()] = Group.OPEN,
    category: Annotated[str, Query(max_length=100)] = "",
    department: Number = "",
    assignee: Annotated[str, Query(pattern=r"^(me|[0-9]{0,9})$")] = "",
    village: Annotated[str, Query(max_length=300)] = "",
    source: Annotated[str, Query(max_length=20)] = "",
    overdue: Annotated[str, Query(max_length=3)] = "",
    escalated: Annotated[str, Query(max_length=3)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    box: Annotated[str, Query(pattern=rf"^(?:{_DEGREES}(?:,{_DEGREES}){{3}})?$")] = "",
) -> Asked:
    """What an address asks of the list. Raises ServiceError `http.invalid` for a channel that nobody knows."""
    if source and source not in list(Source):
        raise invalid("http.invalid", source="unknown")
    if assignee == "me":
        assignee_id: int | None = staff.account_id
    else:
        assignee_id = int(assignee) if assignee else None
    return Asked(
        group=group,
        category=category,
        department_id=int(department) if department else None,
        assignee_id=assignee_id,
        village=village,
        source=Source(source) if source else None,
        is_overdue=overdue == "yes",
        is_escalated=escalated == "yes",
        words=q.strip(),
        box=_box(box),
    )


AskedQuery = Annotated[Asked, Depends(asked_of)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One complaint in the list."""

    id: int
    version: int
    number: str
    is_urgent: bool
    text: str
    place: str
    category: str
    source: str
    department: str
    assignee: str
    filed: str
    due: Look
    due_day: str
    answer: Look
    answer_day: str
    state: Look
    is_late: bool


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """The list as it was asked for."""

    asked: Asked
    tabs: list[dict[str, object]]
    rows: list[Row]
    overdue: int
    overdue_href: str
    used: int  # how many filters are set
    first_href: str  # from a later page back to the first
    next_href: str
    address: str  # of the fragment that refreshes it
    map_href: str
    list_href: str
    board_href: str
    is_by_the_rule: bool


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the board."""

    label: str
    count: int
    href: str
    rows: list[Row]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the filters offer, as (value, words)."""

    categories: list[tuple[str, str]]
    departments: list[tuple[str, str]]
    assignees: list[tuple[str, str]]
    villages: list[tuple[str, str]]
    sources: list[tuple[str, str]]


def list_page(reader: ReadOnly, texts: Catalogue, staff: Principal, asked: Asked, after: str) -> ListPage:
    """One page of the list, with the count of every group under the same filters."""
    found = listing.page_of(reader, staff, asked, after=after)
    counts = listing.counts(reader, staff, asked)
    late = replace(asked, group=Group.OPEN, is_overdue=True)
    return ListPage(
        asked=asked,
        tabs=[
            {
                "label": texts.get(f"cases.group.{group.value}"),
                "href": address(replace(asked, group=group)),
                "current": group is asked.group,
                "count": counts[group],
            }
            for group in _TABS
        ],
        rows=rows_of(reader, texts, found.rows),
        overdue=listing.overdue_count(reader, staff, asked),
        overdue_href=address(late),
        used=len(parameters(asked)) - (asked.group is not Group.OPEN) - bool(asked.words),
        first_href=address(asked) if after else "",
        next_href=address(asked, after=found.next_cursor) if found.next_cursor else "",
        address=address(asked, path=f"{HOME}/list", after=after),
        map_href=address(asked, path=f"{HOME}/map"),
        list_href=address(asked),
        board_href=address(asked, path=f"{HOME}/board"),
        is_by_the_rule=asked.group in listing.BY_THE_RULE,
    )


def board_page(reader: ReadOnly, texts: Catalogue, staff: Principal, asked: Asked) -> list[Column]:
    """The first complaints of each group in columns, under the same filters."""
    counts = listing.counts(reader, staff, asked)
    columns = []
    for group in _COLUMNS:
        within = replace(asked, group=group)
        found = listing.page_of(reader, staff, within, limit=CARDS)
        columns.append(
            Column(
                label=texts.get(f"cases.group.{group.value}"),
                count=counts[group],
                href=address(within),
                rows=rows_of(reader, texts, found.rows),
            )
        )
    return columns


def choices(reader: ReadOnly, texts: Catalogue, staff: Principal) -> Choices:
    """What this person can filter by."""
    reach = departments_of(staff, Permission.CASE_READ)
    named = [
        (str(number), name)
        for number, name in department_names(reader).items()
        if reach is None or number in reach
    ]
    people = [
        (str(row.account.id), row.account.display_name)
        for row in all_accounts(reader)
        if row.account.disabled_at is None and row.account.id != staff.account_id
    ]
    names = categories.read_categories(reader)
    return Choices(
        categories=[("", texts.get("cases.any.category")), *((name, name) for name in names)],
        departments=[("", texts.get("cases.any.department")), *named],
        assignees=[
            ("", texts.get("cases.any.assignee")),
            (str(staff.account_id), texts.get("cases.any.me")),
            *people,
        ],
        villages=[
            ("", texts.get("cases.any.village")),
            *((name, name) for name in listing.villages(reader, staff)),
        ],
        sources=[
            ("", texts.get("cases.any.source")),
            *((source.value, texts.get(f"cases.source.{source.value}")) for source in Source),
        ],
    )


def rows_of(reader: ReadOnly, texts: Catalogue, complaints: Sequence[Complaint]) -> list[Row]:
    """The complaints as rows."""
    departments, hours = department_names(reader), deadlines.hours_of(reader)
    people = names_of(reader, {c.assignee_id for c in complaints})
    return [_row(reader, texts, complaint, departments, people, hours) for complaint in complaints]


def names_of(reader: ReadOnly, accounts: Iterable[int | None]) -> dict[int, str]:
    """The names of staff by account."""
    wanted = {number for number in accounts if number is not None}
    if not wanted:
        return {}
    found = reader.session.scalars(select(StaffAccount).where(StaffAccount.id.in_(wanted)))
    return {account.id: account.display_name for account in found}


def parameters(asked: Asked) -> dict[str, object]:
    """What an address says of the list; what is usual is left out."""
    box = asked.box
    values: dict[str, object] = {
        "group": "" if asked.group is Group.OPEN else asked.group.value,
        "q": asked.words,
        "category": asked.category,
        "department": asked.department_id or "",
        "assignee": asked.assignee_id or "",
        "village": asked.village,
        "source": asked.source or "",
        "overdue": "yes" if asked.is_overdue else "",
        "escalated": "yes" if asked.is_escalated else "",
        "box": f"{box.south:.6f},{box.west:.6f},{box.north:.6f},{box.east:.6f}" if box else "",
    }
    return {name: value for name, value in values.items() if value}


def address(asked: Asked, *, path: str = HOME, after: str = "") -> str:
    """The address of the list, or of another view of it."""
    values = {**parameters(asked), **({"after": after} if after else {})}
    return f"{path}?{urlencode(values)}" if values else path


def _box(text: str) -> Box | None:
    if not text:
        return None
    south, west, north, east = map(float, text.split(","))
    return Box(south=south, west=west, north=north, east=east)


def _row(
    reader: ReadOnly,
    texts: Catalogue,
    complaint: Complaint,
    departments: Mapping[int, str],
    people: Mapping[int, str],
    hours: WorkingHours,
) -> Row:
    due = due_look(texts, complaint, hours, reader.now)
    answer = answer_look(texts, complaint, reader.now)
    is_due = complaint.state is not ComplaintState.WAITING and complaint.due_at is not None
    return Row(
        id=complaint.id,
        version=complaint.version,
        number=shown(complaint.number),
        is_urgent=complaint.urgency is Urgency.URGENT,
        text=cut(complaint.text, TEXT_LENGTH),
        place=cut(" · ".join(filter(None, (complaint.village, complaint.address))), 60),
        category=complaint.category,
        source=texts.get(f"cases.source.{complaint.source.value}"),
        department=departments.get(complaint.department_id or 0, texts.get("cases.no_department")),
        assignee=people.get(complaint.assignee_id or 0, ""),
        filed=thai_date(complaint.filed_at),
        due=due,
        due_day=thai_date(complaint.due_at) if is_due and complaint.due_at else "",
        answer=answer,
        answer_day="" if complaint.answered_at else last_day(complaint.answer_due_at),
        state=state_look(texts, complaint),
        is_late="error" in (due.tone, answer.tone),
    )

"""What the page of one complaint shows: plain values and finished sentences, no table rows.

Plain, because a refused form is rendered after its transaction is over.
"""

from dataclasses import dataclass

from sqlalchemy import select

from admin.case_forms import MoveForm, forms_for
from admin.case_list import names_of
from admin.case_photo_views import CasePhotos, photos_of
from admin.case_timeline import Item, last_change, timeline_of
from admin.case_words import (
    answer_detail,
    answer_look,
    due_look,
    next_step,
    state_look,
    work_detail,
)
from admin.delivery_words import Look
from eservice.complaints import assigning, canned, cases, categories, deadlines, nearby, queries, ratings
from eservice.complaints.models import Complaint, Follower, ImprovementTask
from eservice.complaints.numbers import shown
from eservice.complaints.rules import read_rules
from eservice.complaints.states import ComplaintState, WaitingReason, is_open, state_name, waiting_name
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local_date, thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal, departments_of, may
from eservice.staff.queries import department_names
from knowledge.classify import Urgency


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One of the two clocks in words. `percent` of its time is used."""

    name: str
    look: Look
    detail: str
    percent: int


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another complaint that belongs to this one, or may."""

    number: str
    href: str  # empty where the person may not see it
    words: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """A department with its people, to whom a complaint can be given. Values are `department` or `department:person`."""

    name: str
    value: str
    people: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """One complaint with everything its page shows."""

    id: int
    version: int
    number: str
    state: Look
    is_urgent: bool
    category: str
    urgency: str
    source: str
    text: str
    village: str
    address: str
    pin: str
    reporter: str
    filed: str
    filed_by: str
    department: str
    assignee: str
    accused: list[str]
    followers: int
    clocks: list[Clock]
    next_step: str
    before_it: Other | None  # whose turn comes first
    proposal: tuple[str, str] | None  # by whom, and the words for the resident
    needs_photo: bool
    photos: CasePhotos
    parent: Other | None
    children: list[Other]
    similar: list[Other]
    items: list[Item]
    forms: list[MoveForm]
    targets: list[Target]
    accusable: list[tuple[int, str]]  # departments that it does not accuse yet, and that do not have it
    my_target: str  # to take it oneself; empty when that is not possible
    waiting_reasons: list[tuple[str, str]]
    categories: list[tuple[str, str]]
    urgencies: list[tuple[str, str]]
    canned: list[canned.Reply]
    stars: int  # 0 before the resident has given any
    rating_words: str
    task: str
    may_work: bool
    may_extend: bool
    is_open: bool
    is_begun: bool  # somebody works on it: what they need next is the photo of what they did
    changed_by: str
    changed_at: str


def case_page(reader: ReadOnly, texts: Catalogue, staff: Principal, complaint: Complaint) -> CasePage:
    """One complaint as this person may see it."""
    departments = department_names(reader)
    may_work = may(staff, Permission.CASE_WORK, complaint.department_id)
    still_open = is_open(complaint.state)
    accused = cases.accused_by_family(reader, complaint.id)
    names = names_of(reader, {complaint.assignee_id, complaint.proposed_by_id, complaint.filed_by_id})
    department = departments.get(complaint.department_id or 0, "")
    first = queries.waits_before(reader, complaint)
    forms = forms_for(complaint, staff, jumps_queue=first is not None)
    keys = {form.key for form in forms}
    targets = targets_of(reader, texts, accused=accused, complaint=complaint) if "hand_on" in keys else []
    changed_by, changed_at = last_change(reader, texts, complaint)
    rating = ratings.rating_of(reader, complaint)
    assignee = names.get(complaint.assignee_id or 0, "")
    proposer = names.get(complaint.proposed_by_id or 0, "")
    parent = reader.session.get(Complaint, complaint.parent_id) if complaint.parent_id else None
    return CasePage(
        id=complaint.id,
        version=complaint.version,
        number=shown(complaint.number),
        state=state_look(texts, complaint),
        is_urgent=complaint.urgency is Urgency.URGENT,
        category=complaint.category,
        urgency=complaint.urgency.value,
        source=texts.get(f"cases.source.{complaint.source.value}"),
        text=complaint.text,
        village=complaint.village,
        address=complaint.address,
        pin=_pin(complaint),
        reporter=complaint.reporter_name or texts.get("cases.about.nameless"),
        filed=thai_datetime(complaint.filed_at),
        filed_by=names.get(complaint.filed_by_id or 0, ""),
        department=department or texts.get("cases.no_department"),
        assignee=assignee,
        accused=[departments[number] for number in sorted(accused) if number in departments],
        followers=len(_followers(reader, complaint)),
        clocks=_clocks(reader, texts, complaint),
        next_step=next_step(
            texts,
            complaint,
            department=department,
            assignee=assignee,
            proposer=proposer,
            silence_days=read_rules(reader).silence_days,
        ),
        before_it=_other(reader, texts, staff, first) if first is not None and "begin" in keys else None,
        proposal=(proposer, complaint.proposed_note or "") if complaint.proposed_by_id else None,
        needs_photo=complaint.needs_photo,
        photos=photos_of(reader, texts, staff, complaint),
        parent=_other(reader, texts, staff, parent) if parent is not None else None,
        children=_children(reader, texts, staff, complaint),
        similar=_similar(reader, texts, staff, complaint) if "merge" in keys else [],
        items=timeline_of(reader, texts, complaint),
        forms=forms,
        targets=targets,
        accusable=[
            (number, name)
            for number, name in departments.items()
            if number not in accused and number != complaint.department_id
        ],
        my_target=_my_target(staff, complaint, accused) if "hand_on" in keys else "",
        waiting_reasons=[(reason.value, waiting_name(texts, reason, "th")) for reason in WaitingReason],
        categories=[(name, name) for name in categories.read_categories(reader)],
        urgencies=[(urgency.value, texts.get(f"cases.urgency.{urgency.value}")) for urgency in Urgency],
        canned=canned.replies(reader) if may_work else [],
        stars=rating.stars if rating else 0,
        rating_words=rating.words if rating else "",
        task=_task_words(reader, texts, complaint),
        may_work=may_work,
        may_extend=may_work and still_open and complaint.answered_at is None,
        is_open=still_open,
        is_begun=complaint.state is ComplaintState.IN_PROGRESS,
        changed_by=changed_by,
        changed_at=changed_at,
    )


def _pin(complaint: Complaint) -> str:
    if complaint.latitude is None or complaint.longitude is None:
        return ""
    return f"{complaint.latitude:.6f}, {complaint.longitude:.6f}"


def _followers(reader: ReadOnly, complaint: Complaint) -> set[int]:
    members = cases.family(reader, complaint.id)
    found = select(Follower.contact_id).where(Follower.complaint_id.in_(members)).distinct()
    return set(reader.session.scalars(found))


def _clocks(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> list[Clock]:
    hours = deadlines.hours_of(reader)
    work = deadlines.work_clock(reader, complaint, hours)
    target = work.elapsed_minutes + work.remaining_minutes
    duty = deadlines.answer_duty(reader, complaint)
    end = complaint.answer_due_at or deadlines.end_of(duty.first_due_day)
    until = complaint.answered_at or reader.now
    return [
        Clock(
            name=texts.get("cases.clock.work"),
            look=due_look(texts, complaint, hours, reader.now),
            detail=work_detail(texts, complaint, work),
            percent=min(100, round(100 * work.elapsed_minutes / target)) if target else 0,
        ),
        Clock(
            name=texts.get("cases.clock.answer"),
            look=answer_look(texts, complaint, reader.now),
            detail=answer_detail(reader, texts, complaint),
            percent=min(100, round(100 * ((until - complaint.filed_at) / (end - complaint.filed_at)))),
        ),
    ]


def targets_of(
    reader: ReadOnly,
    texts: Catalogue,
    *,
    accused: frozenset[int] = frozenset(),
    complaint: Complaint | None = None,
) -> list[Target]:
    """Every department but the accused ones, its people with how much each has open, whoever has least first.

    Whoever has the complaint already is left out.
    """
    here = (complaint.department_id, complaint.assignee_id) if complaint is not None else None
    found = []
    for department_id, name in department_names(reader).items():
        if department_id in accused:
            continue
        loads = assigning.load_of(reader, department_id)
        names = names_of(reader, set(loads))
        people = [
            (f"{department_id}:{number}", texts.get("cases.to.person", name=names[number], count=count))
            for number, count in sorted(loads.items(), key=lambda load: (load[1], load[0]))
            if (department_id, number) != here
        ]
        found.append(Target(name=name, value=str(department_id), people=people))
    return found


def _my_target(staff: Principal, complaint: Complaint, accused: frozenset[int]) -> str:
    """Where the complaint goes when this person takes it: it stays where it is, or comes to their department."""
    department_id = complaint.department_id if complaint.department_id is not None else staff.department_id
    if department_id is None or department_id in accused or complaint.assignee_id == staff.account_id:
        return ""
    able = may(staff, Permission.CASE_WORK, department_id) and staff.department_id not in accused
    return f"{department_id}:{staff.account_id}" if able else ""


def _children(reader: ReadOnly, texts: Catalogue, staff: Principal, complaint: Complaint) -> list[Other]:
    found = reader.session.scalars(
        select(Complaint).where(Complaint.parent_id == complaint.id).order_by(Complaint.id)
    )
    return [_other(reader, texts, staff, child) for child in found]


def _similar(reader: ReadOnly, texts: Catalogue, staff: Principal, complaint: Complaint) -> list[Other]:
    """Open complaints that this one may repeat, within the person's reach."""
    near = nearby.open_nearby(
        reader,
        category=complaint.category,
        text=complaint.text,
        latitude=complaint.latitude,
        longitude=complaint.longitude,
        limit=6,
    )
    found = []
    for each in near:
        if each.complaint_id == complaint.id:
            continue
        other = _other(reader, texts, staff, reader.session.get_one(Complaint, each.complaint_id))
        if not other.href:
            continue
        if each.distance_m is not None:
            away = texts.get("cases.similar.away", metres=each.distance_m)
            other = Other(number=other.number, href=other.href, words=f"{other.words} · {away}")
        found.append(other)
    return found[:3]


def _other(reader: ReadOnly, texts: Catalogue, staff: Principal, other: Complaint) -> Other:
    """Another complaint: what it is about only for who may see it, for others what the number alone tells."""
    visible = reader.session.scalar(
        select(Complaint.id).where(Complaint.id == other.id, queries.within_reach(staff))
    )
    state = state_name(texts, other.state, "th", by_silence=other.confirmed_by_silence)
    about = (other.category, other.village or other.address) if visible else ()
    return Other(
        number=shown(other.number),
        href=f"/admin/cases/{other.id}" if visible else "",
        words=" · ".join(filter(None, (*about, state, thai_date(other.filed_at)))),
    )


def _task_words(reader: ReadOnly, texts: Catalogue, complaint: Complaint) -> str:
    """The newest improvement task of the complaint in one sentence."""
    task = reader.session.scalar(
        select(ImprovementTask)
        .where(ImprovementTask.complaint_id == complaint.id)
        .order_by(ImprovementTask.id.desc())
        .limit(1)
    )
    if task is None:
        return ""
    owner = names_of(reader, {task.owner_id}).get(task.owner_id or 0, texts.get("cases.tasks.nobody"))
    if task.done_at is not None:
        return texts.get("cases.tasks.done_by", name=owner, outcome=task.outcome)
    key = "cases.tasks.late" if task.due_day < local_date(reader.now) else "cases.tasks.due"
    return texts.get(key, name=owner, date=thai_date(task.due_day))


def reaches(staff: Principal, department_id: int | None) -> bool:
    """Whether the person still sees the complaints of the department."""
    reach = departments_of(staff, Permission.CASE_READ)
    return reach is None or department_id in reach

"""ให้คะแนน: what the resident thinks of the work, and what the office makes of a low mark."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, case, or_, select

from eservice.complaints import cases, wording
from eservice.complaints.cases import Resident
from eservice.complaints.models import Complaint, ImprovementTask, Rating
from eservice.complaints.queries import within_reach
from eservice.complaints.states import ComplaintState
from eservice.kit import audit
from eservice.kit.errors import conflict, invalid, not_found
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import Position, StaffAccount
from eservice.staff.permissions import Permission, Principal, require

LOW = 2  # stars and below open a task
TASK_DAYS = 14  # calendar days to find out what to do better


def rate(uow: UnitOfWork, number: str, resident: Resident, stars: int, words: str = "") -> Rating:
    """Keeps the resident's mark for the work that the office last called done; a second one replaces it.

    Words said with the first are kept unless others come.

    A low mark opens an improvement task for the head of the department, else for whoever was in charge.
    Raises ServiceError `complaints.not_found`, `complaints.bad_rating`, `complaints.not_allowed` unless it
    is confirmed, `complaints.text_too_long`.
    """
    if stars not in range(1, 6):
        raise invalid("complaints.bad_rating", stars="invalid")
    complaint = cases.for_resident(uow, number, resident)
    if complaint.state is not ComplaintState.CONFIRMED or complaint.said_done_at is None:
        raise conflict("complaints.not_allowed")
    rating = _known(uow, complaint) or Rating(
        complaint_id=complaint.id, about=complaint.said_done_at, words="", at=uow.now
    )
    rating.stars, rating.at = stars, uow.now
    rating.words = wording.optional_text(words) or rating.words
    uow.session.add(rating)
    uow.session.flush()  # a task names it
    if stars <= LOW:
        _open_task(uow, complaint, rating)
    audit.record(
        uow, actor="resident", action="complaint.rated", subject_kind="complaint", subject_id=complaint.id,
        after={"stars": stars},
    )  # fmt: skip
    return rating


def rating_of(reader: ReadOnly, complaint: Complaint) -> Rating | None:
    """The mark for the work that was last called done."""
    return _known(reader, complaint)


def tasks(reader: ReadOnly, by: Principal, *, is_done: bool = False) -> Sequence[ImprovementTask]:
    """The improvement tasks within the person's reach, the earliest due day first."""
    query = (
        select(ImprovementTask)
        .join(Complaint, Complaint.id == ImprovementTask.complaint_id)
        .where(
            within_reach(by),
            ImprovementTask.done_at.is_not(None) if is_done else ImprovementTask.done_at.is_(None),
        )
        .order_by(ImprovementTask.due_day, ImprovementTask.id)
    )
    return reader.session.scalars(query).all()


def finish_task(uow: UnitOfWork, task_id: int, outcome: str, *, by: Principal) -> ImprovementTask:
    """Says what was found out and done, once.

    Raises ServiceError `complaints.not_found`, `staff.forbidden`, `complaints.task_finished`,
    `complaints.no_text`.
    """
    task = uow.session.scalar(
        select(ImprovementTask)
        .join(Complaint, Complaint.id == ImprovementTask.complaint_id)
        .where(ImprovementTask.id == task_id, within_reach(by))
        .with_for_update(of=ImprovementTask)
        .execution_options(populate_existing=True)
    )
    if task is None:
        raise not_found("complaints.not_found")
    complaint = uow.session.get_one(Complaint, task.complaint_id)
    require(by, Permission.CASE_WORK, complaint.department_id)
    if task.done_at is not None:
        raise conflict("complaints.task_finished")
    task.outcome, task.done_at = wording.checked_text(outcome), uow.now
    audit.record(
        uow, actor=by.username, action="improvement.finished", subject_kind="improvement", subject_id=task.id
    )
    return task


def _known(reader: ReadOnly, complaint: Complaint) -> Rating | None:
    return reader.session.scalar(
        select(Rating).where(Rating.complaint_id == complaint.id, Rating.about == complaint.said_done_at)
    )


def _open_task(uow: UnitOfWork, complaint: Complaint, rating: Rating) -> None:
    if uow.session.scalar(select(ImprovementTask.id).where(ImprovementTask.rating_id == rating.id)):
        return
    in_charge = StaffAccount.id == complaint.assignee_id
    head = and_(StaffAccount.department_id == complaint.department_id, StaffAccount.position == Position.HEAD)
    owner_id = uow.session.scalar(
        select(StaffAccount.id)
        .where(or_(head, in_charge), StaffAccount.disabled_at.is_(None))
        .order_by(case((head, 0), else_=1), StaffAccount.id)
        .limit(1)
    )
    uow.session.add(
        ImprovementTask(
            rating_id=rating.id,
            complaint_id=complaint.id,
            owner_id=owner_id,
            due_day=local_date(uow.now) + timedelta(days=TASK_DAYS),
            opened_at=uow.now,
        )
    )

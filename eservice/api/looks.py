"""Cases as the API shows them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from eservice.api.shapes import (
    Attachment,
    CaseNow,
    CaseRecord,
    CaseRow,
    CaseStatus,
    CaseTimeline,
    Proposal,
    RecordComment,
    RecordEvent,
    TimelineEntry,
)
from eservice.complaints import photos, queries
from eservice.complaints.models import Complaint, Photo
from eservice.complaints.queries import Happened, PublicStatus, Said, Timeline
from eservice.complaints.states import Actor, standing
from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.models import StaffAccount
from eservice.staff.queries import department_names

_OFFICE = (Actor.OFFICER, Actor.SECOND_OFFICER)


class Names:
    """The names of departments, staff and other cases that some cases speak of, each read once."""

    def __init__(
        self, reader: ReadOnly, cases: Iterable[Complaint], staff: Iterable[int | None] = ()
    ) -> None:
        shown = list(cases)
        accounts = {*(case.assignee_id for case in shown), *(case.proposed_by_id for case in shown), *staff}
        parents = {case.parent_id for case in shown}
        self._departments = department_names(reader)
        self._staff = {
            account.id: account.username
            for account in reader.session.scalars(
                select(StaffAccount).where(StaffAccount.id.in_(accounts - {None}))
            )
        }
        self._numbers = {
            case.id: case.number
            for case in reader.session.scalars(select(Complaint).where(Complaint.id.in_(parents - {None})))
        }

    def department(self, department_id: int | None) -> str:
        return self._departments.get(department_id or 0, "")

    def staff(self, account_id: int | None) -> str | None:
        return self._staff.get(account_id or 0)

    def number(self, case_id: int | None) -> str | None:
        return self._numbers.get(case_id or 0)


def status_shape(status: PublicStatus) -> CaseStatus:
    """What the number alone shows."""
    return CaseStatus(
        number=status.number,
        state=status.state,
        standing=standing(status.state, by_silence=status.by_silence),
        waiting_reason=status.waiting_reason,
        department=status.department,
        filed_at=local(status.filed_at),
        changed_at=local(status.changed_at),
        due_at=at(status.due_at),
        answer_due_at=at(status.answer_due_at),
        continues_as=status.continues_as,
    )


def attachment_shape(photo: Photo) -> Attachment:
    """A photo without its picture."""
    return Attachment(
        reference=photos.reference_of(photo),
        kind=photo.kind,
        at=local(photo.at),
        is_public=photo.is_public,
        is_near_another=photo.near_photo_id is not None,
    )


def timeline_shape(found: Timeline, shown: Iterable[Photo]) -> CaseTimeline:
    """What the number with its key shows."""
    return CaseTimeline(
        **status_shape(found.status).model_dump(),
        category=found.category,
        text=found.text,
        timeline=[_entry(entry) for entry in found.entries],
        attachments=[attachment_shape(photo) for photo in shown],
    )


def now_shape(reader: ReadOnly, case: Complaint) -> CaseNow:
    """A case after a change."""
    return CaseNow.model_validate(_row(case, Names(reader, [case])), from_attributes=True)


def row_shapes(reader: ReadOnly, cases: Iterable[Complaint]) -> list[CaseRow]:
    """Cases in a list."""
    shown = list(cases)
    names = Names(reader, shown)
    return [_row(case, names) for case in shown]


def record_shape(reader: ReadOnly, case: Complaint) -> CaseRecord:
    """All that the office knows."""
    history, comments = queries.history(reader, case.id), queries.comments(reader, case.id)
    officers = [event.actor_id for event in history if event.actor in _OFFICE]
    names = Names(reader, [case], [*officers, *(comment.author_id for comment in comments)])
    return CaseRecord(
        **_row(case, names).model_dump(),
        text=case.text,
        reporter_name=case.reporter_name,
        latitude=case.latitude,
        longitude=case.longitude,
        address=case.address,
        needs_photo=case.needs_photo,
        waiting_reason=case.waiting_reason,
        proposed=Proposal(who=names.staff(case.proposed_by_id), note=case.proposed_note)
        if case.proposed_note is not None
        else None,
        history=[
            RecordEvent(
                at=local(event.at),
                before=event.before,
                after=event.after,
                by=event.actor,
                who=names.staff(event.actor_id) if event.actor in _OFFICE else None,
                department=names.department(event.department_id),
                waiting_reason=event.waiting_reason,
                note=event.note,
                reason=event.reason,
                is_public=event.is_public,
            )
            for event in history
        ],
        comments=[
            RecordComment(
                at=local(comment.at), kind=comment.kind, who=names.staff(comment.author_id), text=comment.text
            )
            for comment in comments
        ],
        attachments=[attachment_shape(photo) for photo in photos.of_complaint(reader, case.id)],
    )


def at(instant: datetime | None) -> datetime | None:
    """The instant with the office's own offset."""
    return local(instant) if instant is not None else None


def _row(case: Complaint, names: Names) -> CaseRow:
    return CaseRow(
        number=case.number,
        state=case.state,
        version=case.version,
        category=case.category,
        urgency=case.urgency,
        department=names.department(case.department_id),
        assignee=names.staff(case.assignee_id),
        changed_at=local(case.changed_at),
        due_at=at(case.due_at),
        answer_due_at=at(case.answer_due_at),
        continues_as=names.number(case.parent_id),
        source=case.source,
        village=case.village,
        filed_at=local(case.filed_at),
        answered_at=at(case.answered_at),
    )


def _entry(entry: Happened | Said) -> TimelineEntry:
    if isinstance(entry, Said):
        return TimelineEntry(at=local(entry.at), kind=entry.kind, text=entry.text)
    return TimelineEntry(
        at=local(entry.at),
        kind=None,
        text="",
        before=entry.before,
        after=entry.after,
        by=entry.actor,
        department=entry.department,
        waiting_reason=entry.waiting_reason,
        note=entry.note,
        reason=entry.reason,
    )

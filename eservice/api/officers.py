"""What partner systems do for an office, with a token: the officers' actions, under the token's own roles."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select

from eservice.api.callers import Number, Officer, OfficerCall, Partner, all_of, do_once
from eservice.api.listing import CaseFilter, department_named, page_of
from eservice.api.looks import now_shape, record_shape, row_shapes
from eservice.api.shapes import (
    CaseList,
    CaseNow,
    CaseRecord,
    Extend,
    HandOn,
    Merge,
    NewState,
    ProposeDone,
    Recategorise,
    Seen,
    Split,
)
from eservice.complaints import cases, photos, queries, service
from eservice.complaints.models import Complaint
from eservice.complaints.states import ComplaintState
from eservice.kit import outbox
from eservice.kit.audit import note_reading
from eservice.kit.errors import invalid
from eservice.kit.http import Db, Reader
from eservice.kit.signals import Signals
from eservice.kit.text import writable
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import deliveries
from eservice.staff.models import StaffAccount

MOST_ROWS = 100
Change = Callable[[int, int], Complaint]
"""Changes the complaint of an id, whose given version was read."""


def add_reading_routes(router: APIRouter) -> None:
    """The list, which must come before what takes a number."""

    @router.get("")
    def list_cases(
        partner: Partner,
        reader: Reader,
        state: Annotated[list[ComplaintState] | None, Query(description="one or several")] = None,
        category: Annotated[str | None, Query(max_length=100)] = None,
        department: Annotated[str | None, Query(max_length=100, description="its name")] = None,
        changed_since: Annotated[AwareDatetime | None, Query(description="RFC 3339, inclusive")] = None,
        filed_since: Annotated[AwareDatetime | None, Query(description="RFC 3339, inclusive")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 20,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> CaseList:
        """Cases within the token's reach, the newest first."""
        wanted = CaseFilter(
            states=tuple(state or ()),
            category=category,
            department=department,
            changed_since=_instant(changed_since, "changed_since"),
            filed_since=_instant(filed_since, "filed_since"),
        )
        page = page_of(reader, partner, wanted, limit=limit, cursor=cursor)
        return CaseList(items=row_shapes(reader, page.cases), cursor=page.cursor)


def add_officer_routes(router: APIRouter, signals: Signals) -> None:
    """The routes about one case. Each change names the version that was read, and gives the new one."""

    def change(
        call: OfficerCall, response: Response, body: BaseModel, version: int | None, do: Change
    ) -> CaseNow:
        def changed() -> CaseNow:
            seen = call.seen_version(version)
            return now_shape(call.uow, do(cases.by_number(call.uow, call.number).id, seen))

        answer = do_once(
            call.uow,
            changed,
            caller=call.partner.username,
            route=call.route,
            key=call.idempotency_key,
            asked=f"{call.if_match} {all_of(body)}",
        )
        signals.notify(call.uow, outbox.TOPIC, deliveries.TOPIC)
        now = CaseNow.model_validate(answer)
        response.headers["ETag"] = f'"{now.version}"'
        return now

    @router.get("/{number}/record")
    def read_the_record(
        number: Number, partner: Partner, reader: Reader, database: Db, response: Response
    ) -> CaseRecord:
        """All that the office knows of the case. Its `ETag` is the version to send back with a change."""
        note_reading(
            database,
            actor=partner.username,
            action="complaint.read",
            subject_kind="complaint",
            find=lambda looking: queries.find(looking, cases.by_number(looking, number).id, partner).id,
        )
        case = queries.find(reader, cases.by_number(reader, number).id, partner)
        response.headers["ETag"] = f'"{case.version}"'
        return record_shape(reader, case)

    @router.post("/{number}/hand-on")
    def hand_on(call: Officer, body: HandOn, response: Response) -> CaseNow:
        """Gives the case to a department, and to a person there."""
        return change(
            call,
            response,
            body,
            body.version,
            lambda case_id, seen: service.hand_on(
                call.uow,
                case_id,
                department_named(call.uow, body.department),
                by=call.partner,
                seen_version=seen,
                assignee_id=_account(call.uow, body.assignee) if body.assignee is not None else None,
                reason=body.reason,
            ),
        )

    @router.post("/{number}/state")
    def change_state(call: Officer, body: NewState, response: Response) -> CaseNow:
        """Moves the case as the table of moves allows."""
        return change(
            call,
            response,
            body,
            body.version,
            lambda case_id, seen: service.change_state(
                call.uow,
                case_id,
                body.state,
                by=call.partner,
                seen_version=seen,
                note=body.note,
                reason=body.reason,
                waiting_reason=body.waiting_reason,
                is_public=body.is_public,
            ),
        )

    @router.post("/{number}/propose-done")
    def propose_done(call: Officer, body: ProposeDone, response: Response) -> CaseNow:
        """Says that the work is done. Another officer, or another token, must agree."""

        def propose(case_id: int, seen: int) -> Complaint:
            found = photos.of_complaint(call.uow, queries.find(call.uow, case_id, call.partner).id)
            shown = [photos.named(found, reference).id for reference in body.photo_ids]
            return service.propose_done(
                call.uow, case_id, body.note, by=call.partner, seen_version=seen, photo_ids=shown
            )

        return change(call, response, body, body.version, propose)

    @router.post("/{number}/agree-done")
    def agree_done(call: Officer, response: Response, body: Seen | None = None) -> CaseNow:
        """Agrees, as another one than who proposed it; the resident is asked whether it is fixed."""
        seen_body = body or Seen()
        return change(
            call,
            response,
            seen_body,
            seen_body.version,
            lambda case_id, seen: service.agree_done(call.uow, case_id, by=call.partner, seen_version=seen),
        )

    @router.post("/{number}/merge")
    def merge(call: Officer, body: Merge, response: Response) -> CaseNow:
        """Lets the case go on in another; its people hear what happens there."""
        return change(
            call,
            response,
            body,
            body.version,
            lambda case_id, seen: service.merge(
                call.uow,
                case_id,
                cases.by_number(call.uow, body.into).id,
                by=call.partner,
                seen_version=seen,
            ),
        )

    @router.post("/{number}/split")
    def split(call: Officer, body: Split, response: Response) -> CaseNow:
        """Lets a duplicate go on by itself again."""
        return change(
            call,
            response,
            body,
            body.version,
            lambda case_id, seen: service.split(
                call.uow, case_id, body.reason, by=call.partner, seen_version=seen
            ),
        )

    @router.post("/{number}/category")
    def recategorise(call: Officer, body: Recategorise, response: Response) -> CaseNow:
        """Corrects what the case is about; its due date follows."""

        def correct(case_id: int, seen: int) -> Complaint:
            urgency = body.urgency or call.uow.session.get_one(Complaint, case_id).urgency
            return service.recategorise(
                call.uow, case_id, body.category, urgency, by=call.partner, seen_version=seen
            )

        return change(call, response, body, body.version, correct)

    @router.post("/{number}/extension")
    def extend(call: Officer, body: Extend, response: Response) -> CaseNow:
        """Gives the answer more time, and tells the resident why."""
        return change(
            call,
            response,
            body,
            body.version,
            lambda case_id, seen: service.extend_answer(
                call.uow, case_id, body.until, body.reason, by=call.partner, seen_version=seen
            ),
        )


def _instant(since: datetime | None, name: str) -> datetime | None:
    """The instant in UTC. Raises ServiceError `http.invalid` for one before or after all that a date can say."""
    try:
        return since.astimezone(UTC) if since is not None else None
    except OverflowError as fault:
        raise invalid("http.invalid", **{name: "out_of_range"}) from fault


def _account(reader: ReadOnly, username: str) -> int:
    found = reader.session.scalar(select(StaffAccount.id).where(StaffAccount.username == writable(username)))
    if found is None:
        raise invalid("complaints.unknown_assignee", assignee="unknown")
    return found

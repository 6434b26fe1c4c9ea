"""What residents do: filing, looking by number, and with the case's key everything else."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Request

from eservice.api.callers import (
    CaseKey,
    EitherUow,
    IdempotencyKey,
    MaybePartner,
    Number,
    ResidentReader,
    ResidentUow,
    all_of,
    do_once,
)
from eservice.api.filing import file_case
from eservice.api.looks import status_shape, timeline_shape
from eservice.api.shapes import (
    Asked,
    CaseStatus,
    CaseTimeline,
    CategoryList,
    CategoryShape,
    FiledCase,
    NewCase,
    NewComment,
    NewRating,
    RatedCase,
    ReopenWish,
    SaidComment,
)
from eservice.complaints import cases, floods, photos, queries, ratings, residents, service
from eservice.complaints.cases import Resident
from eservice.complaints.categories import read_categories
from eservice.complaints.models import CommentKind, Complaint, ComplaintComment
from eservice.kit import outbox
from eservice.kit.errors import invalid, not_found
from eservice.kit.http import Reader, Uow, client_address
from eservice.kit.signals import Signals
from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import deliveries
from eservice.staff.permissions import Principal
from eservice.staff.queries import department_names
from knowledge.classify import ComplaintClassifier

FilingKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="of your own making, e.g. a UUID for each case; sent again, the same case is answered",
    ),
]


class Nothing(Asked):
    """An empty body; it may be left out."""


def add_resident_routes(router: APIRouter, signals: Signals, classifier: ComplaintClassifier) -> None:
    """The routes that need no token."""

    def tell(uow: UnitOfWork) -> None:
        signals.notify(uow, outbox.TOPIC, deliveries.TOPIC)

    def act(
        request: Request,
        uow: UnitOfWork,
        number: str,
        case_key: str,
        idempotency_key: str | None,
        do: Callable[[], Complaint],
        asked: str = "",
    ) -> CaseStatus:
        def status() -> CaseStatus:
            do()
            return status_shape(queries.public_status(uow, number))

        answer = do_once(
            uow, status, caller=f"key:{case_key}", route=_route(request), key=idempotency_key, asked=asked
        )
        tell(uow)
        return CaseStatus.model_validate(answer)

    @router.post("", status_code=201, openapi_extra={"security": [{}]})
    def file_a_case(
        request: Request, new: NewCase, idempotency_key: FilingKey, partner: MaybePartner, uow: Uow
    ) -> FiledCase:
        """Files a case: for anybody, or for a resident by a partner whose roles may file.

        `Idempotency-Key` is required: the same request sent again gives the same case, without its key. An
        answer with `emergency` numbers is to be shown to the resident before anything else. An address that
        files very many without a token must wait (429, `Retry-After`).
        """
        if partner is None:
            floods.refuse_flood(uow, client_address(request))
        filed = file_case(uow, new, idempotency_key=idempotency_key, partner=partner, classifier=classifier)
        if partner is None and filed.key is not None:
            floods.count_filing(uow, client_address(request))
        tell(uow)
        return filed

    @router.get("/categories")
    def read_the_categories(reader: Reader) -> CategoryList:
        """The categories that a case may be filed under."""
        names = department_names(reader)
        return CategoryList(
            items=[
                CategoryShape(
                    name=category.name,
                    department=names.get(category.department_id or 0, ""),
                    working_days=category.working_days,
                    needs_photo=category.needs_photo,
                )
                for category in read_categories(reader).values()
                if category.is_offered
            ]
        )

    @router.get("/{number}")
    def look_at_a_case(
        number: Number,
        reader: ResidentReader,
        case_key: Annotated[
            str | None, Header(alias="X-Case-Key", max_length=40, description="opens the whole timeline")
        ] = None,
    ) -> CaseTimeline | CaseStatus:
        """State, dates and department; with `X-Case-Key` also the text and the whole timeline.

        A wrong number and a wrong key are the same 404. Who tries many must wait (429, `Retry-After`).
        """
        if case_key is None:
            return status_shape(queries.public_status(reader, number))
        resident = Resident(key=case_key)
        timeline = queries.timeline(reader, number, resident)
        case = cases.of_resident(reader, number, resident)
        return timeline_shape(timeline, photos.of_complaint(reader, case.id, for_resident=True))

    @router.post("/{number}/comments", status_code=201, openapi_extra={"security": [{}]})
    def say_something(
        request: Request,
        number: Number,
        new: NewComment,
        uow: EitherUow,
        partner: MaybePartner,
        case_key: Annotated[
            str | None, Header(alias="X-Case-Key", max_length=40, description="the resident's way in")
        ] = None,
        idempotency_key: IdempotencyKey = None,
    ) -> SaidComment:
        """The resident says more (with `X-Case-Key`), or a partner replies or notes (with a token and `kind`).

        When the office had asked the resident, the case goes on.
        """

        def said() -> SaidComment:
            if partner is None:
                floods.admit_words(uow, client_address(request))
            comment = _say(uow, number, new, partner, case_key)
            return SaidComment(at=local(comment.at), kind=comment.kind, text=comment.text)

        answer = do_once(
            uow,
            said,
            caller=partner.username if partner else f"key:{case_key}",
            route=_route(request),
            key=idempotency_key,
            asked=all_of(new),
        )
        tell(uow)
        return SaidComment.model_validate(answer)

    @router.post("/{number}/withdraw")
    def withdraw_a_case(
        request: Request,
        number: Number,
        case_key: CaseKey,
        uow: ResidentUow,
        idempotency_key: IdempotencyKey = None,
        nothing: Nothing | None = None,
    ) -> CaseStatus:
        """The resident takes the case back while it is open."""
        resident = Resident(key=case_key)
        return act(
            request, uow, number, case_key, idempotency_key, lambda: residents.withdraw(uow, number, resident)
        )

    @router.post("/{number}/confirm")
    def confirm_a_case(
        request: Request,
        number: Number,
        case_key: CaseKey,
        uow: ResidentUow,
        idempotency_key: IdempotencyKey = None,
        nothing: Nothing | None = None,
    ) -> CaseStatus:
        """Yes, what the office calls done is fixed."""
        resident = Resident(key=case_key)
        return act(
            request, uow, number, case_key, idempotency_key, lambda: residents.confirm(uow, number, resident)
        )

    @router.post("/{number}/reopen")
    def reopen_a_case(
        request: Request,
        number: Number,
        wish: ReopenWish,
        case_key: CaseKey,
        uow: ResidentUow,
        idempotency_key: IdempotencyKey = None,
    ) -> CaseStatus:
        """No, it is not: the same case goes on.

        Within 15 days after the office called it over, unless it has set another time.
        """
        resident = Resident(key=case_key)
        return act(
            request,
            uow,
            number,
            case_key,
            idempotency_key,
            lambda: residents.reopen(uow, number, resident, wish.reason),
            all_of(wish),
        )

    @router.post("/{number}/rating")
    def rate_a_case(
        request: Request, number: Number, new: NewRating, case_key: CaseKey, uow: ResidentUow
    ) -> RatedCase:
        """A mark for the work, once it is confirmed. Sent again, it replaces the mark before."""
        floods.admit_words(uow, client_address(request))
        ratings.rate(uow, number, Resident(key=case_key), new.stars, new.words)
        return RatedCase(number=cases.by_number(uow, number).number, stars=new.stars)


def _say(
    uow: UnitOfWork, number: str, new: NewComment, partner: Principal | None, case_key: str | None
) -> ComplaintComment:
    if partner is None:
        if case_key is None:
            raise not_found("complaints.not_found")
        if new.kind is not None:
            raise invalid("http.invalid", kind="not_yours")
        return residents.say(uow, number, Resident(key=case_key), new.text)
    if new.kind not in (CommentKind.REPLY, CommentKind.NOTE):
        raise invalid("http.invalid", kind="missing" if new.kind is None else "not_yours")
    case = cases.by_number(uow, number)
    return service.say(uow, case.id, new.text, by=partner, to_resident=new.kind is CommentKind.REPLY)


def _route(request: Request) -> str:
    return f"{request.method} {request.url.path}"

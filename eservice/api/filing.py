"""Filing a case from outside: what it is about is proposed, and what the caller may not decide is decided here."""

from sqlalchemy import select

from eservice.api.shapes import EmergencyNumber, FiledCase, NewCase
from eservice.complaints import filing
from eservice.complaints.categories import CORRUPTION, read_categories
from eservice.complaints.clocks import OTHER_CATEGORY
from eservice.complaints.filing import NewComplaint
from eservice.complaints.models import Complaint, Source
from eservice.kit.errors import invalid
from eservice.kit.thai_calendar import local
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Principal
from knowledge.classify import ComplaintClassifier
from knowledge.emergency import find_emergency


def file_case(
    uow: UnitOfWork,
    new: NewCase,
    *,
    idempotency_key: str,
    partner: Principal | None,
    classifier: ComplaintClassifier,
) -> FiledCase:
    """Files it once for one key. A retry keeps the category that was proposed the first time.

    Raises ServiceError `cases.looks_like_corruption` for a text that does, unless the caller has chosen a
    category: nobody accuses an office in an ordinary case without wanting to. Also raises what
    `filing.file_complaint` raises.
    """
    key = f"api:{partner.username if partner else 'web'}:{idempotency_key}"
    known = uow.session.scalar(select(Complaint).where(Complaint.idempotency_key == key))
    if new.category is not None:
        category = _offered(uow, new.category)
    else:
        category = known.category if known else _proposed(uow, new.text, classifier)
    filed = filing.file_complaint(
        uow,
        NewComplaint(
            source=Source.API if partner else Source.WEB,
            category=category,
            text=new.text,
            reporter_name=new.reporter_name,
            latitude=new.latitude,
            longitude=new.longitude,
            address=new.address,
            village=new.village,
            urgency=known.urgency if known else classifier.urgency(new.text).urgency,
        ),
        idempotency_key=key,
        by=partner,
    )
    case = uow.session.get_one(Complaint, filed.complaint_id)
    return FiledCase(
        number=filed.number,
        key=filed.key,
        state=case.state,
        category=case.category,
        filed_at=local(case.filed_at),
        due_at=local(case.due_at) if case.due_at else None,
        answer_due_at=local(case.answer_due_at) if case.answer_due_at else None,
        emergency=_whom_to_call(new.text),
    )


def _offered(reader: ReadOnly, wanted: str) -> str:
    known = read_categories(reader).get(wanted)
    if known is None or not known.is_offered:
        raise invalid("complaints.no_category", category="unknown")
    return known.name


def _proposed(reader: ReadOnly, text: str, classifier: ComplaintClassifier) -> str:
    offered = {category.name for category in read_categories(reader).values() if category.is_offered}
    likely = [prediction.label for prediction in classifier.categories(text)]
    if likely[:1] == [CORRUPTION]:
        raise invalid("cases.looks_like_corruption", category="choose")
    return next((label for label in likely if label in offered and label != CORRUPTION), OTHER_CATEGORY)


def _whom_to_call(text: str) -> list[EmergencyNumber]:
    emergency = find_emergency(text)
    if emergency is None:
        return []
    return [
        EmergencyNumber(number=one.number, name=one.name_th, name_en=one.name_en) for one in emergency.numbers
    ]

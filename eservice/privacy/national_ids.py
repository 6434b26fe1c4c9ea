"""The thirteen digits of those who ask at the office: kept sealed, shown masked, opened with a reason on record.

Nothing but the sealed text is stored. The digits go into no audit, log, list, export or address.
"""

from sqlalchemy import delete, select

from eservice.kit import audit
from eservice.kit.errors import ServiceError, invalid, not_found
from eservice.kit.sealing import Sealer
from eservice.kit.settings import Settings
from eservice.kit.text import writable
from eservice.kit.thai_ids import masked_citizen_id, read_citizen_id, shown_citizen_id, without_citizen_ids
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.privacy.models import NationalId

PURPOSE = "national-id"  # of the seal
MAX_REASON = 300  # characters


def seal(uow: UnitOfWork, request_id: int, typed: str, *, by: str, sealer: Sealer) -> None:
    """Keeps the number that was typed, in place of one before; nothing typed changes nothing.

    Raises ServiceError `privacy.bad_national_id`.
    """
    if not typed.strip():
        return
    digits = read_citizen_id(typed)
    if digits is None:
        raise invalid("privacy.bad_national_id", national_id="invalid")
    row = NationalId(request_id=request_id, sealed=sealer.seal(digits), entered_by=by, entered_at=uow.now)
    uow.session.merge(row)
    audit.record(
        uow, actor=by, action="privacy.id_sealed", subject_kind="privacy_request", subject_id=request_id
    )


def masked(reader: ReadOnly, request_id: int, sealer: Sealer) -> str:
    """`x-xxxx-xxxxx-xx-1`, or "" where there is none. Raises ServiceError `secrets.other_key`."""
    row = reader.session.get(NationalId, request_id)
    return masked_citizen_id(sealer.open(row.sealed)) if row is not None else ""


def reveal(uow: UnitOfWork, request_id: int, reason: str, *, by: str, sealer: Sealer) -> str:
    """The number in full, as on the card. Every single reading is on record, with its reason.

    Raises ServiceError `privacy.not_found`, `privacy.no_reason`, `secrets.other_key`.
    """
    reason = without_citizen_ids(" ".join(writable(reason).split()))[:MAX_REASON]
    if not reason:
        raise invalid("privacy.no_reason", why="empty")
    row = uow.session.get(NationalId, request_id)
    if row is None:
        raise not_found("privacy.not_found")
    digits = sealer.open(row.sealed)
    audit.record(
        uow, actor=by, action="privacy.id_read", subject_kind="privacy_request", subject_id=request_id,
        after={"reason": reason},
    )  # fmt: skip
    return shown_citizen_id(digits)


def forget(uow: UnitOfWork, request_ids: list[int]) -> None:
    """Deletes the numbers of these requests."""
    uow.session.execute(delete(NationalId).where(NationalId.request_id.in_(request_ids)))


def renew(uow: UnitOfWork, settings: Settings) -> int:
    """Seals every number anew with the present SECRET_KEY, so that the former one may go; returns how many.

    What no known key opens stays as it is, for the key may be found again; `doctor` tells of it.
    """
    sealer = settings.sealer(PURPOSE)
    renewed = 0
    for row in uow.session.scalars(select(NationalId).with_for_update()):
        try:
            row.sealed = sealer.renew(row.sealed)
        except ServiceError:
            continue
        renewed += 1
    return renewed


def unreadable(reader: ReadOnly, settings: Settings) -> tuple[int, int]:
    """How many numbers no known key opens, and how many there are."""
    sealer = settings.sealer(PURPOSE)
    sealed = reader.session.scalars(select(NationalId.sealed)).all()
    return sum(not _opens(sealer, each) for each in sealed), len(sealed)


def _opens(sealer: Sealer, sealed: str) -> bool:
    try:
        sealer.open(sealed)
    except ServiceError:
        return False
    return True

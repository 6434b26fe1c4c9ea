"""Who handles personal data for the office, as far as it shows in the settings, and the agreement with each.

Always there are whoever runs the machine and whoever looks after the program; LINE, Telegram, a store of photos
elsewhere and partners who hear of cases are there as they are set up. An agreement is noted, never made here.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import ServiceError, invalid, not_found
from eservice.kit.settings import Settings
from eservice.kit.text import writable
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging import credentials
from eservice.privacy.erasure import TEXTS
from eservice.privacy.models import Agreement
from eservice.webhooks.models import WebhookSubscription

MAX_REFERENCE = 200  # characters
PARTNER = "partner:"  # before the name of a subscription


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What is noted of an agreement. `is_needless`: there is no processor, as `reference` says."""

    on: date
    reference: str
    is_needless: bool
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True, kw_only=True)
class Processor:
    """One who handles data for us. One that is not in use any more is listed while its agreement is."""

    key: str
    name: str
    does: str
    place: str
    is_in_use: bool
    agreed: Agreed | None


@dataclass(frozen=True, kw_only=True)
class NewAgreement:
    """What is noted: with whom, since when, and where the paper is or why none is needed."""

    key: str
    on: date
    reference: str
    is_needless: bool = False


def all_processors(reader: ReadOnly, settings: Settings) -> list[Processor]:
    """Those in use, then those of whom only an agreement is left."""
    agreements = {
        row.key: _agreed(row) for row in reader.session.scalars(select(Agreement).order_by(Agreement.key))
    }
    found = [
        _processor(key, detail, agreements.pop(key, None), is_in_use=True)
        for key, detail in _in_use(reader, settings)
    ]
    return found + [_processor(key, "", agreed, is_in_use=False) for key, agreed in agreements.items()]


def without_agreement(reader: ReadOnly, settings: Settings) -> list[Processor]:
    """Those in use with whom no agreement is noted."""
    return [each for each in all_processors(reader, settings) if each.agreed is None]


def note(uow: UnitOfWork, settings: Settings, new: NewAgreement, *, by: str) -> None:
    """Notes the agreement with a processor in use, in place of an earlier one.

    Raises ServiceError `privacy.not_found`, `privacy.bad_agreement` with its fields.
    """
    if new.key not in {key for key, _ in _in_use(uow, settings)}:
        raise not_found("privacy.not_found")
    reference = writable(new.reference).strip()[:MAX_REFERENCE]
    faults: dict[str, str] = {}
    if new.on > local_date(uow.now):
        faults["on"] = "invalid"
    if not reference:
        faults["reference"] = "empty"
    if faults:
        raise invalid("privacy.bad_agreement", **faults)
    row = uow.session.get(Agreement, new.key, with_for_update=True)
    before = _for_audit(row) if row is not None else None
    if row is None:
        row = Agreement(key=new.key)
        uow.session.add(row)
    row.agreed_on, row.reference, row.is_needless = new.on, reference, new.is_needless
    row.noted_by, row.noted_at = by, uow.now
    audit.record(
        uow, actor=by, action="processor.agreed", subject_kind="processor", subject_id=new.key,
        before=before, after=_for_audit(row),
    )  # fmt: skip


def end(uow: UnitOfWork, key: str, *, by: str) -> None:
    """Takes the agreement with a processor off the list: it is over. Raises ServiceError `privacy.not_found`."""
    row = uow.session.get(Agreement, key, with_for_update=True)
    if row is None:
        raise not_found("privacy.not_found")
    audit.record(
        uow,
        actor=by,
        action="processor.ended",
        subject_kind="processor",
        subject_id=key,
        before=_for_audit(row),
    )
    uow.session.delete(row)


def _in_use(reader: ReadOnly, settings: Settings) -> Iterator[tuple[str, str]]:
    """The keys of those in use, each with what is to be said beside its name."""
    with suppress(ServiceError):  # keys that another SECRET_KEY has sealed turn nothing on
        settings = credentials.settings_in_force(reader, settings)
    yield "hosting", ""
    yield "developer", ""
    if settings.line_enabled:
        yield "line", ""
    if settings.telegram_enabled:
        yield "telegram", ""
    if settings.media_url.startswith("s3:"):
        yield "storage", urlsplit(settings.aws_endpoint_url).hostname or "AWS"
    partners: Sequence[WebhookSubscription] = reader.session.scalars(
        select(WebhookSubscription).where(WebhookSubscription.is_active).order_by(WebhookSubscription.name)
    ).all()
    for partner in partners:
        yield f"{PARTNER}{partner.name}", urlsplit(partner.url).hostname or ""


def _processor(key: str, detail: str, agreed: Agreed | None, *, is_in_use: bool) -> Processor:
    kind, _, own = key.partition(":")
    name = own or TEXTS.get(f"privacy.processors.{kind}.name")
    return Processor(
        key=key,
        name=f"{name} ({detail})" if detail else name,
        does=TEXTS.get(f"privacy.processors.{kind}.does"),
        place=TEXTS.get(f"privacy.processors.{kind}.place"),
        is_in_use=is_in_use,
        agreed=agreed,
    )


def _agreed(row: Agreement) -> Agreed:
    return Agreed(
        on=row.agreed_on,
        reference=row.reference,
        is_needless=row.is_needless,
        noted_by=row.noted_by,
        noted_at=row.noted_at,
    )


def _for_audit(row: Agreement) -> dict[str, object]:
    return {"on": row.agreed_on.isoformat(), "reference": row.reference, "is_needless": row.is_needless}

"""The record of processing activities as a whole (PDPA s.39): whose it is, what is kept, who else handles it, how it
is guarded, and which requests were refused. Nothing in it names a resident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from eservice.kit.masking import without_numbers
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import thai_date, thai_datetime
from eservice.kit.unit_of_work import ReadOnly
from eservice.office import service as offices
from eservice.privacy import processors, register, retention
from eservice.privacy.models import PrivacyRequest, RequestKind, RequestState
from eservice.privacy.processors import Processor
from eservice.privacy.register import Sheet

COLUMNS = ("column", "what", "of", "why", "basis", "source", "seen_by", "kept", "leaves_to")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Requests of one kind that were refused by one rule."""

    kind: RequestKind
    law: str
    count: int
    last: datetime


def refusals(reader: ReadOnly) -> list[Refusal]:
    """How many requests were refused, by what was asked and the rule; their words stay where they are."""
    rows = reader.session.execute(
        select(
            PrivacyRequest.kind,
            PrivacyRequest.law,
            func.count(PrivacyRequest.id),
            func.max(PrivacyRequest.handled_at),
        )
        .where(PrivacyRequest.state == RequestState.REFUSED)
        .group_by(PrivacyRequest.kind, PrivacyRequest.law)
        .order_by(PrivacyRequest.kind, PrivacyRequest.law)
    ).all()
    return [
        Refusal(kind=kind, law=without_numbers(law), count=count, last=last)
        for kind, law, count, last in rows
        if last is not None
    ]


def sheets(reader: ReadOnly, settings: Settings, texts: Catalogue) -> list[Sheet]:
    """All of it, in the words of `texts`, which hold those of the console. Raises ServiceError `office.not_set_up`."""

    def t(key: str) -> str:
        return texts.get(f"privacy.ropa.{key}")

    header = [texts.get(f"privacy_room.column.{column}") for column in COLUMNS]
    days_words = texts.get("privacy_room.days_kept", days="{days}")
    activities = register.rows(retention.days_of(reader), days_words)
    return [
        Sheet(title=t("controller"), header=(t("item"), t("value")), lines=_controller(reader, texts)),
        Sheet(title=t("title"), header=header, lines=activities),
        Sheet(
            title=t("processors"),
            header=[t(name) for name in ("processor", "does", "place", "agreed_on", "reference", "noted_by")],
            lines=[_line_of(texts, each) for each in processors.all_processors(reader, settings)],
        ),
        Sheet(title=t("measures"), header=(t("measure"),), lines=[(each,) for each in register.measures()]),
        Sheet(
            title=t("refused"),
            header=[t(name) for name in ("kind", "law", "count", "last")],
            lines=[
                (
                    texts.get(f"privacy.kinds.{each.kind.value}"),
                    each.law,
                    str(each.count),
                    thai_date(each.last),
                )
                for each in refusals(reader)
            ],
        ),
    ]


def agreement_words(texts: Catalogue, processor: Processor) -> str:
    """How it stands with the agreement, in a few words."""
    if processor.agreed is None:
        return texts.get("privacy.ropa.missing")
    if processor.agreed.is_needless:
        return texts.get("privacy.ropa.needless")
    return thai_date(processor.agreed.on)


def _controller(reader: ReadOnly, texts: Catalogue) -> list[Sequence[str]]:
    office = offices.get_office(reader)
    facts = {
        "name": office.name,
        "address": office.address,
        "phone": office.phone,
        "email": office.email,
        "contact": offices.privacy_contact(office),
        "made_at": thai_datetime(reader.now),
    }
    return [(texts.get(f"privacy.ropa.{name}"), value) for name, value in facts.items()]


def _line_of(texts: Catalogue, processor: Processor) -> Sequence[str]:
    agreed = processor.agreed
    left = "" if processor.is_in_use else f" ({texts.get('privacy.ropa.not_in_use')})"
    return (
        f"{processor.name}{left}",
        processor.does,
        processor.place,
        agreement_words(texts, processor),
        agreed.reference if agreed else "",
        agreed.noted_by if agreed else "",
    )

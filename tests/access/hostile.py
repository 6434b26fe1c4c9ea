"""Writes what hostile people would into every text that a page shows, past the checks that would refuse some of it."""

from collections.abc import Iterator
from itertools import cycle

from sqlalchemy import JSON, Text, inspect, select
from sqlalchemy.orm import InstrumentedAttribute

from eservice.complaints.models import (
    CannedReply,
    Complaint,
    ComplaintComment,
    ComplaintEvent,
    ImprovementTask,
    Rating,
    Spot,
)
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.models import Contact
from eservice.office.models import Office, PrivacyNotice
from eservice.privacy.models import Asker, Breach, PrivacyRequest
from eservice.staff.models import Department, StaffAccount
from eservice.traffic.models import TrafficOpening
from eservice.webhooks.models import WebhookSubscription
from knowledge.entries.models import EntryVersion, KnownQuestion, Phrasing, WordRule
from tests.access.payloads import PAYLOADS

SHORT = 12  # payloads in a text without an end

PLACES: tuple[InstrumentedAttribute[object], ...] = (
    Asker.name, Asker.reach, Asker.guardian, Asker.relation, Asker.alone_reason,
    Breach.what, Breach.data, Breach.late_reason, Breach.told_words, Breach.measures,
    CannedReply.title, CannedReply.text,
    Complaint.proposed_note, ComplaintEvent.note, ComplaintEvent.reason, ComplaintComment.text,
    Contact.display_name,
    Department.name, StaffAccount.display_name,
    EntryVersion.question, EntryVersion.variants, EntryVersion.answer, EntryVersion.keywords,
    EntryVersion.category, EntryVersion.source, EntryVersion.source_url,
    ImprovementTask.outcome, Rating.words,
    KnownQuestion.text, Phrasing.text, WordRule.words, WordRule.note,
    Office.name, Office.address, Office.phone, Office.email,
    Office.privacy_contact, Office.privacy_phone, Office.privacy_email, PrivacyNotice.text,
    PrivacyRequest.words, PrivacyRequest.outcome, PrivacyRequest.law,
    Spot.name, Spot.village,
    TrafficOpening.order_reference, TrafficOpening.ordered_by, TrafficOpening.document_number, TrafficOpening.reason,
    WebhookSubscription.name, WebhookSubscription.url,
)  # fmt: skip
"""Whose words they are, none of ours. A sender's file names and the names of stickers are kept nowhere."""


def spoil(uow: UnitOfWork) -> int:
    """Overwrites all of it, each row with other payloads; returns in how many rows."""
    words = cycle(PAYLOADS)
    spoiled = 0
    for place in PLACES:
        column = inspect(place.class_).columns[place.key]
        for row in uow.session.scalars(select(place.class_)):
            spoiled += 1
            if isinstance(column.type, JSON):
                setattr(row, place.key, list(_some(words, SHORT)))
            elif isinstance(column.type, Text):
                setattr(row, place.key, "\n".join(_some(words, SHORT)))
            else:
                setattr(row, place.key, next(words)[: column.type.length])
    return spoiled


def _some(words: Iterator[str], count: int) -> Iterator[str]:
    yield from (next(words) for _ in range(count))

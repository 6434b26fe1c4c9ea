"""How many questions of this month and the last found no answer."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from admin.faq_words import FEW
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import BUDDHIST_ERA_OFFSET, MONTHS, at_bangkok, local_date
from eservice.kit.unit_of_work import ReadOnly
from knowledge.entries import queries


@dataclass(frozen=True, kw_only=True)
class Month:
    """How many questions a month had, how many found no answer, and how many were asked back in vain."""

    name: str
    left: str
    not_chosen: str
    asked: int


def up_to_now(reader: ReadOnly) -> datetime:
    """The end of a period up to now: what was asked this very moment is in."""
    return reader.now + timedelta(seconds=1)


def month_starts(now: datetime) -> tuple[datetime, datetime]:
    """When this month and the one before began in Thailand."""
    first = local_date(now).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return at_bangkok(first, time()), at_bangkok(before, time())


def month_of(reader: ReadOnly, texts: Catalogue, since: datetime, until: datetime) -> Month:
    """The month that begins at `since`, as far as `until`; small numbers have no share."""
    share = queries.unanswered_share(reader, since=since, until=until)
    day = local_date(since)
    name = texts.get(
        "unanswered.month.name", month=MONTHS[day.month - 1], year=day.year + BUDDHIST_ERA_OFFSET
    )

    def told(count: int) -> str:
        if share.asked < FEW:
            return str(count)
        return texts.get("unanswered.month.share", count=count, percent=round(100 * count / share.asked))

    return Month(name=name, left=told(share.left), not_chosen=told(share.not_chosen), asked=share.asked)

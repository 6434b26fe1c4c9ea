"""The review of access: twice a year somebody looks through who may do what, and says that it is right."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff import queries, second_factor, tokens
from eservice.staff.models import AccessReview, StaffAccount
from eservice.staff.permissions import Principal
from eservice.staff.queries import AccountRow

MONTHS_BETWEEN = 6
LONG_UNUSED = timedelta(days=90)


class Use(StrEnum):
    """How lately an account was used."""

    IN_USE = "in_use"
    NEVER = "never"
    LONG_AGO = "long_ago"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class ReviewRow:
    """An account as it is reviewed."""

    row: AccountRow
    use: Use
    has_second_factor: bool


def rows(reader: ReadOnly) -> Sequence[ReviewRow]:
    """Every account of a person, with what it may do and when it was last used."""
    with_factor = second_factor.account_ids(reader)
    return [
        ReviewRow(
            row=row, use=use_of(row.account, reader.now), has_second_factor=row.account.id in with_factor
        )
        for row in queries.all_accounts(reader)
    ]


def use_of(account: StaffAccount, now: datetime) -> Use:
    """How lately the account was used."""
    if account.disabled_at is not None:
        return Use.DISABLED
    if account.last_used_at is None:
        return Use.NEVER
    return Use.LONG_AGO if now - account.last_used_at > LONG_UNUSED else Use.IN_USE


def last_review(reader: ReadOnly) -> AccessReview | None:
    """The latest review; None before the first."""
    return reader.session.scalar(select(AccessReview).order_by(AccessReview.id.desc()).limit(1))


def due_on(review: AccessReview | None, today: date) -> date:
    """The day of the next review; without an earlier one it is today."""
    if review is None:
        return today
    return _months_later(local_date(review.reviewed_at), MONTHS_BETWEEN)


def record_review(uow: UnitOfWork, reviewer: Principal) -> None:
    """Says that all of it was looked through and is right."""
    review = AccessReview(reviewed_at=uow.now, reviewed_by=reviewer.display_name)
    uow.session.add(review)
    uow.session.flush()  # the audit names it by id
    audit.record(
        uow,
        actor=reviewer.username,
        action="access.reviewed",
        subject_kind="access",
        subject_id=review.id,
        after={"accounts": len(queries.all_accounts(uow)), "tokens": len(tokens.all_tokens(uow))},
    )


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))

"""What must not be overlooked: requests whose day comes near, and the 72 hours of a breach."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select

from eservice.kit.unit_of_work import ReadOnly
from eservice.privacy import breaches, requests
from eservice.privacy.models import PrivacyRequest, RequestState

SOON = timedelta(days=5)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """How things stand. `breach_left` is of the breach whose 72 hours end first; negative once they are over."""

    waiting: int  # requests that wait for staff
    pressing: int  # requests to answer or to carry out within five days, or late
    breaches: int  # of which the PDPC is still to be told
    breach_left: timedelta | None

    @property
    def count(self) -> int:
        """How much waits for staff."""
        return self.waiting + self.breaches

    @property
    def is_urgent(self) -> bool:
        """Whether somebody must look today."""
        return bool(self.pressing or self.breaches)


def read_alarm(reader: ReadOnly) -> Alarm:
    """How things stand now."""
    soon = reader.now + SOON
    pressing = reader.session.scalar(
        select(func.count()).where(
            PrivacyRequest.state.in_(requests.WAITING),
            or_(
                (PrivacyRequest.state == RequestState.OPEN) & (PrivacyRequest.due_at <= soon),
                PrivacyRequest.erase_by <= soon,
            ),
        )
    )
    running = breaches.running(reader)
    return Alarm(
        waiting=requests.waiting_count(reader),
        pressing=pressing or 0,
        breaches=len(running),
        breach_left=breaches.clock(running[0], reader.now).left if running else None,
    )

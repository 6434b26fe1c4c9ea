"""What the conversation tells people about the office, read from the database every few seconds."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from eservice.kit import thai_calendar
from eservice.kit.database import Database
from eservice.office import service as office

FRESH_FOR = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The office as the chat speaks of it. `opening` is None while it is open, else its next opening."""

    office_name: str
    address: str
    privacy_phone: str  # of who looks after personal data, else of the office; perhaps ""
    hours: str  # "08.30–16.30 น."
    closing: str  # "16.30"
    opening: str | None
    notice_version: str | None
    public_url: str


class FactsReader:
    """The facts of one process. Thread-safe; a stale answer is at most a few seconds old."""

    def __init__(self, database: Database, public_url: str) -> None:
        self._database = database
        self._public_url = public_url
        self._lock = threading.Lock()
        self._facts: Facts | None = None
        self._read_at: datetime | None = None

    def get(self) -> Facts:
        """The current facts."""
        now = self._database.clock.now()
        with self._lock:
            if self._facts is None or self._read_at is None or now - self._read_at > FRESH_FOR:
                self._facts, self._read_at = self._read(), now
            return self._facts

    def _read(self) -> Facts:
        with self._database.read() as reader:
            row = office.get_office(reader)
            notice = office.current_notice(reader)
            opening = office.opening(row, reader.now)
            hours = f"{row.opens_at:%H.%M}–{row.closes_at:%H.%M} น."
            next_opening = None
            if not opening.is_open:
                day = thai_calendar.thai_weekday_date(opening.next_opening)
                next_opening = f"{day} {thai_calendar.thai_time(opening.next_opening)}"
            return Facts(
                office_name=row.name,
                address=row.address,
                privacy_phone=row.privacy_phone or row.phone,
                hours=hours,
                closing=f"{row.closes_at:%H.%M}",
                opening=next_opening,
                notice_version=notice.version if notice else None,
                public_url=self._public_url,
            )

"""Lists that show words or names of residents: who looked at one is on record, like who opened a thing in it."""

from fastapi import Request

from admin.access import console_of
from eservice.kit import audit
from eservice.kit.thai_calendar import local_date
from eservice.staff.permissions import Principal


def note_list(request: Request, staff: Principal, kind: str) -> None:
    """Notes before it is shown that this person looks at a list today. `kind` has words under `things`."""
    _note(request, staff, kind, "read")


def note_export(request: Request, staff: Principal, kind: str) -> None:
    """The same of a list that is taken out as a file."""
    _note(request, staff, kind, "exported")


def _note(request: Request, staff: Principal, kind: str, verb: str) -> None:
    audit.note_reading(
        console_of(request).database,
        actor=staff.username,
        action=f"list.{verb}",
        subject_kind=kind,
        # Its day, not one id for ever: a list that refreshes itself asks often whether it is on record.
        find=lambda looking: local_date(looking.now).isoformat(),
    )

"""Slowing down one address that files very many complaints or sends very many photos, and nobody else.

A village may share one address, so the limit is generous, and it only ever asks to wait.
"""

from eservice.complaints import guesses
from eservice.complaints.models import Filing
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.throttling import Limit

LIMIT = Limit(free=20, longest_seconds=15 * 60)  # of one hour
PHOTO_LIMIT = Limit(free=100, longest_seconds=15 * 60)  # of one hour, such as have no complaint yet


def refuse_flood(reader: ReadOnly, source: str) -> None:
    """Raises ServiceError `complaints.too_many_filed` with the seconds left while a source must wait."""
    guesses.refuse_too_many(reader, Filing, source, LIMIT, "complaints.too_many_filed")


def count_filing(uow: UnitOfWork, source: str) -> None:
    """Counts a complaint that an address has filed."""
    guesses.count_one(uow, Filing, source)


def refuse_photo_flood(reader: ReadOnly, source: str) -> None:
    """Raises ServiceError `photos.too_fast` with the seconds left while a source must wait."""
    guesses.refuse_too_many(reader, Filing, _of_photos(source), PHOTO_LIMIT, "photos.too_fast")


def count_photo(uow: UnitOfWork, source: str) -> None:
    """Counts a photo that an address has sent for a complaint to come."""
    guesses.count_one(uow, Filing, _of_photos(source))


def _of_photos(source: str) -> str:
    """Photos are counted by themselves."""
    return f"photos:{source}"

"""Slowing down one address that files very much, sends very many photos or says very much, and nobody else.

A village may share one address, so the limits are generous, and they only ever ask to wait.
"""

from eservice.complaints import guesses
from eservice.complaints.models import Filing
from eservice.kit.database import Database
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.throttling import Limit

LIMIT = Limit(free=60, longest_seconds=15 * 60)  # of one hour; after a storm a village may need many
PHOTO_LIMIT = Limit(free=100, longest_seconds=15 * 60)  # of one hour, those too that are no photos
WORDS_LIMIT = Limit(free=60, longest_seconds=15 * 60)  # messages about complaints, of one hour


def refuse_flood(reader: ReadOnly, source: str) -> None:
    """Raises ServiceError `complaints.too_many_filed` with the seconds left while a source must wait."""
    guesses.refuse_too_many(reader, Filing, source, LIMIT, "complaints.too_many_filed")


def count_filing(uow: UnitOfWork, source: str) -> None:
    """Counts a complaint that an address has filed."""
    guesses.count_one(uow, Filing, source)


def admit_photo(database: Database, source: str) -> None:
    """Counts a photo before it is drawn, for drawing is what costs. Not inside a transaction.

    Raises ServiceError `photos.too_fast` with the seconds left while a source must wait.
    """
    photos = f"photos:{source}"  # counted by themselves
    with database.unit_of_work() as uow:
        guesses.refuse_too_many(uow, Filing, photos, PHOTO_LIMIT, "photos.too_fast")
        guesses.count_one(uow, Filing, photos)


def admit_words(uow: UnitOfWork, source: str) -> None:
    """Counts a message about a complaint.

    Raises ServiceError `complaints.too_many_said` with the seconds left while a source must wait.
    """
    words = f"words:{source}"
    guesses.refuse_too_many(uow, Filing, words, WORDS_LIMIT, "complaints.too_many_said")
    guesses.count_one(uow, Filing, words)

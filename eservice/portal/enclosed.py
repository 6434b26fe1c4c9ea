"""Photos that come with a report before it is sent: kept in the store without a row, named by signed tokens.

The form carries the tokens from step to step, as it carries everything else. A photo whose report is never
sent has no row, and is forgotten with the orphans of the store after a day.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from starlette.datastructures import UploadFile

from eservice.complaints import floods, photos, uploads
from eservice.complaints.cases import Resident
from eservice.complaints.models import Photo
from eservice.complaints.photos import KeptPhoto
from eservice.complaints.pictures import MAX_BYTES
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import MediaStore
from eservice.kit.media_http import read_files
from eservice.kit.unit_of_work import UnitOfWork
from eservice.portal.forms import MAX_PHOTOS

MOST = MAX_PHOTOS  # of one report; more can be added once it has its number
VALID = timedelta(hours=12)  # well before the store forgets what has no row


class EnclosedPhotos:
    """Makes and reads the tokens. `signing_key` is asked for only when there is something to sign."""

    def __init__(self, signing_key: Callable[[], str]) -> None:
        self._signing_key = signing_key

    def add(
        self, database: Database, media: MediaStore, tokens: str, files: Sequence[UploadFile], *, source: str
    ) -> tuple[str, str]:
        """The tokens with those of further files, and the code of the first refusal, or "".

        One that is refused loses no other. Not inside a transaction.
        """
        known, fault = tokens.split()[:MOST], ""
        for content in read_files(files, MAX_BYTES):
            try:
                if len(known) >= MOST:
                    raise ServiceError("photos.too_many_enclosed", photos.too_many().kind)
                floods.admit_photo(database, source)
                with uploads.kept_for(media, content) as kept, database.unit_of_work() as uow:
                    known.append(self._token(kept, uow.now))
            except ServiceError as refusal:
                fault = fault or refusal.code
        return " ".join(known), fault

    def kept(self, tokens: str, now: datetime) -> list[KeptPhoto]:
        """The photos that tokens name; what we did not sign, or signed too long ago, names none."""
        found = (self._read(token, now) for token in tokens.split()[:MOST])
        return [kept for kept in found if kept is not None]

    def attach(self, uow: UnitOfWork, number: str, tokens: str) -> None:
        """Gives them to the complaint that was just filed. One that has a row already stays where it is."""
        for kept in self.kept(tokens, uow.now):
            if uow.session.scalar(select(Photo.id).where(Photo.image_key == kept.image_key)) is None:
                photos.attach_from_resident(uow, number, Resident(shown_number=number), kept)

    def _token(self, kept: KeptPhoto, now: datetime) -> str:
        signed = self._serializer().dumps([asdict(kept), int((now + VALID).timestamp())])
        return signed if isinstance(signed, str) else signed.decode()

    def _read(self, token: str, now: datetime) -> KeptPhoto | None:
        try:
            fields, until = self._serializer().loads(token)
        except BadSignature:
            return None
        return KeptPhoto(**fields) if until > now.timestamp() else None

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._signing_key(), salt="enclosed-photo")


def without(tokens: str, place: str) -> str:
    """The tokens without the one at a place, "0" for the first; what is no place changes nothing."""
    return " ".join(token for number, token in enumerate(tokens.split()) if str(number) != place)

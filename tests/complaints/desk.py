"""An office with two departments, its people, and residents who file complaints."""

from dataclasses import dataclass, field, replace

import pytest
from _pytest.raises import RaisesExc
from obstore.store import MemoryStore

from eservice.complaints import filing, photos
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed, NewComplaint
from eservice.complaints.models import Complaint, Photo, PhotoKind, Source
from eservice.complaints.photos import KeptPhoto
from eservice.complaints.pictures import prepare
from eservice.complaints.states import ComplaintState
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import MediaStore
from eservice.messaging.models import ChannelName
from eservice.staff.models import Role
from eservice.staff.permissions import Principal
from eservice.staff.queries import principal_of
from tests.inquiries.desk import add_department, add_staff, meet

LIGHT = NewComplaint(
    source=Source.LINE, category="ไฟฟ้าแสงสว่าง", text="ไฟหน้าวัดดับมาสามวันแล้ว", needs_photo=False
)


@dataclass(kw_only=True)
class Desk:
    """The office as tests speak of it."""

    database: Database
    works: int  # กองช่าง
    finance: int  # กองคลัง
    somsri: Principal  # responders of กองช่าง
    somchai: Principal
    malee: Principal  # a responder of กองคลัง
    palad: Principal  # a responder of the whole office
    checker: Principal  # of กองช่าง
    author: Principal  # writes the FAQ only
    daeng: int  # contacts
    dam: int
    filed: int = 0
    media: MediaStore = field(default_factory=lambda: MediaStore(MemoryStore()))

    def file(
        self, new: NewComplaint = LIGHT, *, contact_id: int | None = None, by: Principal | None = None
    ) -> Filed:
        self.filed += 1
        with self.database.unit_of_work() as uow:
            return filing.file_complaint(
                uow,
                replace(new, contact_id=contact_id or self.daeng),
                idempotency_key=f"test:{id(self)}:{self.filed}",
                by=by,
            )

    def keep(self, content: bytes) -> KeptPhoto:
        """The file as it lies in the store, without a row yet."""
        return photos.keep(self.media, prepare(content))

    def add_photo(
        self,
        filed: Filed,
        content: bytes,
        *,
        kind: PhotoKind = PhotoKind.AFTER,
        by: Principal | None = None,
        is_public: bool = False,
    ) -> Photo:
        kept = self.keep(content)
        with self.database.unit_of_work() as uow:
            return photos.attach(
                uow, filed.complaint_id, kept, kind=kind, by=by or self.somsri, is_public=is_public
            )

    def now(self, filed: Filed) -> Complaint:
        """The complaint as it is in the database."""
        with self.database.read() as reader:
            return reader.session.get_one(Complaint, filed.complaint_id)

    def state(self, filed: Filed) -> ComplaintState:
        return self.now(filed).state

    def version(self, filed: Filed) -> int:
        return self.now(filed).version

    @property
    def owner(self) -> Resident:
        return Resident(contact_id=self.daeng)


def open_desk(database: Database) -> Desk:
    with database.unit_of_work() as uow:
        works, finance = add_department(uow, "กองช่าง"), add_department(uow, "กองคลัง")
        people = {
            "somsri": add_staff(uow, "somsri", Role.RESPONDER, department=works),
            "somchai": add_staff(uow, "somchai", Role.RESPONDER, department=works),
            "malee": add_staff(uow, "malee", Role.RESPONDER, department=finance),
            "palad": add_staff(uow, "palad", Role.RESPONDER),
            "checker": add_staff(uow, "checker", Role.CHECKER, department=works),
            "author": add_staff(uow, "author", Role.AUTHOR, department=works),
        }
        return Desk(
            database=database,
            works=works.id,
            finance=finance.id,
            daeng=meet(uow, "U-daeng").contact.id,
            dam=meet(uow, "T-dam", ChannelName.TELEGRAM, "ลุงดำ").contact.id,
            **{name: principal_of(uow, account) for name, account in people.items()},
        )


def refused(code: str) -> RaisesExc[ServiceError]:
    """The block is refused with this code and nothing else."""
    return pytest.raises(ServiceError, match=f"^{code.replace('.', '[.]')}$")

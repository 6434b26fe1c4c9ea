"""One whole application and its people, for asking who may do what to whose things."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import select
from starlette.routing import Mount

from bot.channels.webchat import sessions as chat_sessions
from eservice.complaints import held_photos, photos, service
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.kit.database import Database
from eservice.kit.sealing import Sealer
from eservice.kit.settings import Settings
from eservice.messaging import conversations
from eservice.messaging.models import Conversation
from eservice.office.service import OfficeFacts, create_office, publish_notice
from eservice.privacy import copies, national_ids
from eservice.staff import tokens
from eservice.staff.models import Role, StaffAccount, StaffSession
from eservice.staff.permissions import Grant
from knowledge.entries import service as faq
from knowledge.entries.content import EntryContent
from tests.access.asking import Asker, Caller, asking
from tests.access.things import account_in, make_things
from tests.complaints.desk import LIGHT, Desk, open_desk
from tests.complaints.pictures import photo
from tests.conftest import JoinedDatabase, whole_app_on
from tests.fakes import FakeDesk
from tests.inquiries.desk import leave, meet

SECRET = "ความในใจของแดง"
ENTRY_KEY = "lamps"
USERNAMES = {
    "own": "somsri", "next door": "malee", "office": "palad", "checker": "checker", "author": "author",
    "publisher": "publisher", "publisher next door": "publisher-next-door", "manager": "manager",
    "manager of works": "manager-of-works",
}  # fmt: skip
"""The staff by what they are to กองช่าง and its things."""


@dataclass(kw_only=True)
class Cast:
    """The application, its people by name, and the things that they ask for."""

    database: JoinedDatabase
    asker: Asker
    desk: Desk
    staff: dict[str, Caller]
    partners: dict[str, Caller]
    lamp: Filed  # of กองช่าง, by แดง
    graft: Filed  # accuses กองช่าง, of กองคลัง
    spare: Filed  # of no department yet
    photo_id: int
    photo_reference: str
    proof_id: int  # a photo of the work, for staff alone
    graft_photo_id: int
    graft_photo_reference: str
    inquiry_id: int  # of กองช่าง
    entry_id: int  # of กองช่าง
    chat: dict[str, Caller]
    accounts: dict[str, tuple[int, int]]  # of the staff, each with the id of its session
    things: dict[str, dict[str, str]]  # see tests/access/things.py
    held_reference: str  # a photo that แดง has sent to the chat
    copy_secret: str  # of แดง

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is done in the block is as if it never were."""
        trial = self.database.connection.begin_nested()
        try:
            yield
        finally:
            trial.rollback()

    def opened(self, address: str, fields: Mapping[str, str]) -> Caller:
        """A browser that has opened something of its own with the portal's form."""
        answer = self.asker.ask(Caller(), "POST", address, data=fields)
        assert answer.status_code == 303, (address, answer.status_code)
        return Caller(headers={"cookie": answer.headers["set-cookie"].partition(";")[0]})


@contextmanager
def whole_cast(database: Database, folder: Path) -> Iterator[Cast]:
    """The application as `serve` builds it, on a database that forgets."""
    assert isinstance(database, JoinedDatabase)
    desk = open_desk(database)
    application = whole_app_on(database, folder)
    desk.media = application.state.media
    (console,) = (
        each.app for each in application.routes if isinstance(each, Mount) and each.path == "/admin"
    )
    assert isinstance(console, FastAPI)
    console.state.channel_desk = FakeDesk()
    with asking(application) as asker:
        sealer = Settings.model_validate({"data_dir": folder}).sealer(national_ids.PURPOSE)
        yield _filled(database, asker, desk, sealer)


def _filled(database: JoinedDatabase, asker: Asker, desk: Desk, sealer: Sealer) -> Cast:
    lamp = desk.file(replace(LIGHT, text=SECRET))
    graft = desk.file(replace(LIGHT, accused=frozenset({desk.works})), contact_id=desk.dam)
    spare = desk.file(replace(LIGHT, text="อีกเรื่องหนึ่ง"), contact_id=desk.dam)
    with database.unit_of_work() as uow:
        create_office(uow, OfficeFacts(name="อบต.ทดสอบ", address="หมู่ 1"), actor="cli")
        publish_notice(uow, version="1", text="# ประกาศ\n\nเก็บเท่าที่จำเป็น", actor="cli")
        service.hand_on(uow, lamp.complaint_id, desk.works, by=desk.palad, seen_version=1)
        service.hand_on(uow, graft.complaint_id, desk.finance, by=desk.palad, seen_version=1)
        content = EntryContent(
            question="ไฟถนนดับทำอย่างไร", answer="โทรแจ้งกองช่าง", category="ถนน", department_id=desk.works
        )
        (entry,) = faq.create_entries(uow, [faq.NewEntry(content=content, key=ENTRY_KEY)], actor="test")
        faq.publish_drafts(uow, [entry.id], actor="test")
        daeng = meet(uow, "U-daeng")
        inquiry = leave(uow, daeng, SECRET, None)
        inquiry.department_id = desk.works
        copy_secret = copies.new_link(uow, daeng.contact).partition("#")[2]
        chat = {name: chat_sessions.begin(uow, "th") for name in ("owner", "other")}
        own = photos.attach_from_resident(
            uow, lamp.number, Resident(key=lamp.key), desk.keep(photo(1, (64, 48)))
        )
        photo_id, reference = own.id, photos.reference_of(own)
        visitor = chat_sessions.find(uow, f"Bearer {chat['owner'].token}")
        conversation = uow.session.get_one(Conversation, visitor.conversation_id)
        conversations.record_heard(uow, conversation, text=SECRET)
        held = held_photos.hold(uow, visitor.contact_id, desk.keep(photo(2, (64, 48))))
        held_reference = photos.reference_of(held)
    manager_id = account_in(database, "manager", Role.ADMINISTRATOR, None, holds_there=False)
    account_in(database, "manager of works", Role.ADMINISTRATOR, desk.works, holds_there=False)
    account_in(database, "publisher", Role.PUBLISHER, desk.works, holds_there=True)
    account_in(database, "publisher next door", Role.PUBLISHER, desk.finance, holds_there=True)
    with database.unit_of_work() as uow:
        cases = {"lamp": lamp, "graft": graft}
        things = make_things(uow, desk, manager_id, cases, (entry.id, ENTRY_KEY), sealer)
    proof = desk.add_photo(lamp, photo(3, (64, 48)))
    graft_photo = desk.add_photo(graft, photo(4, (64, 48)), by=desk.palad)
    things["{photo_id:int}"] = {"lamp": str(proof.id), "graft": str(graft_photo.id)}
    things["{inquiry_id:int}"] = {"inquiry": str(inquiry.id)}
    staff = _staff(database, asker)
    return Cast(
        database=database,
        asker=asker,
        desk=desk,
        staff=staff,
        accounts=_accounts(database),
        things=things,
        partners=_partners(database, desk),
        lamp=lamp,
        graft=graft,
        spare=spare,
        photo_id=photo_id,
        photo_reference=reference,
        proof_id=proof.id,
        graft_photo_id=graft_photo.id,
        graft_photo_reference=photos.reference_of(graft_photo),
        inquiry_id=inquiry.id,
        entry_id=entry.id,
        chat={name: _bearer(session.token) for name, session in chat.items()},
        held_reference=held_reference,
        copy_secret=copy_secret,
    )


def _bearer(token: str) -> Caller:
    return Caller(headers={"authorization": f"Bearer {token}"})


def _staff(database: Database, asker: Asker) -> dict[str, Caller]:
    with database.read() as reader:
        found = {account.username: account for account in reader.session.scalars(select(StaffAccount))}
    return {who: asker.session_of(database, found[username]) for who, username in USERNAMES.items()}


def _accounts(database: Database) -> dict[str, tuple[int, int]]:
    with database.read() as reader:
        found = reader.session.execute(
            select(StaffAccount.username, StaffAccount.id, StaffSession.id).join(
                StaffSession, StaffSession.account_id == StaffAccount.id
            )
        )
        ids = {username: (account_id, session_id) for username, account_id, session_id in found}
    return {who: ids[username] for who, username in USERNAMES.items()}


def _partners(database: Database, desk: Desk) -> dict[str, Caller]:
    grants = {
        "own": [Grant(role=Role.RESPONDER, department_id=desk.works)],
        "next door": [Grant(role=Role.RESPONDER, department_id=desk.finance)],
        "both": [Grant(role=Role.RESPONDER, department_id=each) for each in (desk.works, desk.finance)],
        "office": [Grant(role=Role.RESPONDER)],
        "checker": [Grant(role=Role.CHECKER, department_id=desk.works)],
    }
    with database.unit_of_work() as uow:
        made = {
            name: tokens.create_token(uow, name.replace(" ", "-"), held, days=30)
            for name, held in grants.items()
        }
        gone = tokens.create_token(uow, "gone", grants["office"], days=30)
        tokens.revoke_token(uow, "gone")
    return {name: _bearer(token) for name, token in {**made, "revoked": gone, "invented": "x" * 43}.items()}

"""Browsers at the console's doors: signed out, or signed in with some roles."""

import importlib
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from httpx import Response
from obstore.store import MemoryStore
from starlette.testclient import TestClient

import admin
from admin import access_review, login, me, office, own_second_factor, staff
from admin.site import STATIC, create_console
from eservice.kit.database import Database
from eservice.kit.media import MediaStore
from eservice.kit.settings import Settings
from eservice.kit.signals import Signals
from eservice.kit.web.rendering import mount_static
from eservice.office.service import OfficeFacts, create_office
from eservice.staff import accounts, sessions
from eservice.staff.accounts import NewAccount, Profile
from eservice.staff.models import Department, Role
from eservice.staff.permissions import Grant
from knowledge.entries.live import LiveFaq
from tests.fakes import FakeDesk
from tests.learned import CLASSIFIER

GOOD_PASSWORD = "ข้าวเหนียวหมูปิ้งหน้าตลาด"
OFFICE = "อบต.บ้านทดสอบ"


def further_rooms() -> list[APIRouter]:
    """The routers of every room that the console does not bring by itself."""
    modules = [
        importlib.import_module(f"admin.{found.name}") for found in pkgutil.iter_modules(admin.__path__)
    ]
    own = (login, me, own_second_factor, access_review, office, staff)
    routers = [vars(module).get("router") for module in modules]
    found = [
        router
        for router in routers
        if isinstance(router, APIRouter) and router not in [each.router for each in own]
    ]
    parts = [
        part.original_router for router in found for part in router.routes if hasattr(part, "original_router")
    ]
    return [router for router in found if router not in parts]


class Doors:
    """A console of an office with two departments, on a database."""

    def __init__(
        self, database: Database, folder: Path, rooms: Iterable[APIRouter] = (), **settings: str
    ) -> None:
        self.database = database
        self.settings = Settings(data_dir=folder, _env_file=None, **settings)  # type: ignore[call-arg]
        self.console = create_console(database, self.settings, rooms)
        self.console.state.signals = Signals(database)
        self.console.state.faq = LiveFaq(database)
        self.console.state.complaints, self.console.state.media = CLASSIFIER, MediaStore(MemoryStore())
        self.desk = FakeDesk()
        self.console.state.channel_desk = self.desk
        self.app = FastAPI()
        self.app.mount("/admin", self.console)
        mount_static(self.app, STATIC)
        with database.unit_of_work() as uow:
            create_office(uow, OfficeFacts(name=OFFICE, address="หมู่ 1"), actor="cli")
            finance, works = Department(name="กองคลัง", position=1), Department(name="กองช่าง", position=2)
            uow.session.add_all([finance, works])
            uow.session.flush()
            self.finance_id, self.works_id = finance.id, works.id

    def account(self, username: str, *roles: Role | Grant, is_demo: bool = False) -> NewAccount:
        """A new account, with roles for the whole office or as granted."""
        grants = [role if isinstance(role, Grant) else Grant(role=role) for role in roles]
        profile = Profile(display_name=f"คุณ{username}", grants=grants)
        with self.database.unit_of_work() as uow:
            return accounts.create_account(uow, username, profile, actor="cli", is_demo=is_demo)

    def visitor(self) -> "Visitor":
        """A browser in which nobody is signed in."""
        base = "https://console.example.go.th" if self.settings.is_https else "http://127.0.0.1:8000"
        client = TestClient(self.app, base_url=base, follow_redirects=False, raise_server_exceptions=False)
        return Visitor(client)

    def browser(self, username: str, *roles: Role | Grant) -> "Visitor":
        """A browser in which a new account is signed in."""
        made = self.account(username, *roles)
        visitor = self.visitor()
        with self.database.unit_of_work() as uow:
            account = uow.session.merge(made.account)
            cookie = sessions.open_session(uow, account, user_agent="test")
        visitor.client.cookies.set("phueanban_staff", cookie)
        visitor.account_id = made.account.id
        return visitor


class Visitor:
    """One browser."""

    account_id = 0

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, address: str) -> Response:
        return self.client.get(address)

    def token(self, address: str) -> str:
        """What the forms of a page carry."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.client.get(address).text)
        assert found is not None, address
        return found[1]

    def post(self, address: str, /, *, form_on: str = "/admin/me", **fields: object) -> Response:
        """Sends a form as the page `form_on` gives it."""
        return self.client.post(address, data={"csrf_token": self.token(form_on), **fields})

    def open_link(self, link: str) -> str:
        """The page that a one-time link leads to, whose address no longer holds the token."""
        answer = self.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/link")
        return self.get("/admin/link").text

    def sign_in(self, username: str, password: str, **fields: str) -> Response:
        return self.post(
            "/admin/login", form_on="/admin/login", username=username, password=password, **fields
        )

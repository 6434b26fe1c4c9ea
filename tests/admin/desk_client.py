"""A staff member's browser at the console, for tests of its rooms."""

import re
from pathlib import Path

from fastapi import FastAPI
from httpx import Response
from obstore.store import MemoryStore
from starlette.testclient import TestClient

from admin import (
    case_bulk,
    case_file,
    case_filing,
    case_map,
    case_moves,
    case_photos,
    case_redaction,
    case_reports,
    case_settings,
    case_spots,
    case_tasks,
    cases,
    channels,
    inquiries,
)
from admin.site import STATIC, create_console
from eservice.kit.database import Database
from eservice.kit.media import MediaStore
from eservice.kit.settings import Settings
from eservice.kit.signals import Signals
from eservice.kit.web.rendering import mount_static
from eservice.staff import sessions
from eservice.staff.models import StaffAccount
from knowledge.entries.live import LiveFaq
from tests.admin.visitors import CLASSIFIER


class WatchedSignals(Signals):
    """Signals that remember what they woke."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.woken: list[str] = []

    def wake(self, topic: str) -> None:
        self.woken.append(topic)
        super().wake(topic)


class Console:
    """The console with its working rooms, on a database."""

    def __init__(self, database: Database, folder: Path, **settings: str) -> None:
        self.database = database
        self.signals = WatchedSignals(database)
        self.media = MediaStore(MemoryStore())
        rooms = create_console(
            database,
            Settings(data_dir=folder, _env_file=None, **settings),  # type: ignore[call-arg]
            rooms=[
                inquiries.router,
                cases.router,
                case_moves.router,
                case_photos.router,
                case_redaction.router,
                case_filing.router,
                case_bulk.router,
                case_settings.router,
                case_spots.router,
                case_map.router,
                case_file.router,
                case_reports.router,
                case_tasks.router,
                channels.router,
            ],
        )
        rooms.state.signals = self.signals
        rooms.state.faq = LiveFaq(database)
        rooms.state.complaints, rooms.state.media = CLASSIFIER, self.media
        self.app = FastAPI()
        mount_static(self.app, STATIC)
        self.app.mount("/admin", rooms)

    def browser(self, account: StaffAccount) -> "Browser":
        """A browser in which the account is signed in."""
        with self.database.unit_of_work() as uow:
            merged = uow.session.merge(account)
            cookie = sessions.open_session(uow, merged, user_agent="test")
            merged.last_seen_at = None  # signing in is not yet looking at the questions
        client = TestClient(self.app, base_url="http://127.0.0.1:8000", follow_redirects=False)
        client.cookies.set("phueanban_staff", cookie)
        return Browser(client)


class Browser:
    """One signed-in browser: it reads pages and sends their forms."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, address: str, **headers: str) -> Response:
        return self.client.get(address, headers=headers)

    def page(self, address: str) -> str:
        """The page, which must be there."""
        response = self.get(address)
        assert response.status_code == 200, (response.status_code, address)
        return response.text

    def hidden(self, page: str, action: str) -> dict[str, str]:
        """The hidden fields of the page's form that posts to `action`."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
        assert form is not None, action
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[0]))

    def post(self, address: str, **fields: str) -> Response:
        """Sends a form with this browser's own token against forged requests."""
        if "csrf_token" not in fields:
            found = re.search(r'name="csrf_token" value="(\w+)"', self.client.get("/admin/me").text)
            assert found is not None
            fields["csrf_token"] = found[1]
        return self.client.post(address, data=fields)

"""The complaints' room for tests: the office of `tests.complaints.desk` with browsers for its people."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from httpx import Response

from eservice.complaints.filing import Filed
from eservice.kit.database import Database
from eservice.staff.models import StaffAccount
from eservice.staff.permissions import Principal
from tests.admin.desk_client import Browser, Console
from tests.complaints.desk import Desk, open_desk

HOME = "/admin/cases"


@dataclass(kw_only=True)
class Room:
    """The office, its console, and what its pages say."""

    desk: Desk
    console: Console

    def browser(self, person: Principal) -> Browser:
        with self.desk.database.read() as reader:
            account = reader.session.get_one(StaffAccount, person.account_id)
        return self.console.browser(account)

    def act(self, browser: Browser, filed: Filed, what: str, **fields: str) -> Response:
        """Sends a form of the complaint's page, with the version as it is now unless `seen` is given."""
        fields.setdefault("seen", str(self.desk.version(filed)))
        return browser.post(f"{HOME}/{filed.complaint_id}/{what}", **fields)


def open_room(database: Database, folder: Path) -> Room:
    room = Room(desk=open_desk(database), console=Console(database, folder))
    room.desk.media = room.console.media
    return room


def words(page: str) -> str:
    """What a page says, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())

"""The desk of complaints as a script works it: two officers with the console's own forms, and the stored state."""

import html
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.product import Product
from tests.acceptance.stage import Console, hidden_fields

PASSWORD = "ผู้ตรวจงานคนที่สองของอบต."


class Desk:
    """The officer in charge, whom the printed link signed in, and a second one who checks the work."""

    def __init__(self, product: Product, console: Console) -> None:
        self.database = product.folder / "data/phueanban.db"
        self.first = console.client
        page = self.first.get("/admin/staff/new").text
        fields = {
            **hidden_fields(page, "/admin/staff/new"),
            "username": "second",
            "display_name": "ผู้ตรวจ คนที่สอง",
        }
        made = self.first.post("/admin/staff/new", data={**fields, "roles": "responder"})
        link = re.search(r"/admin/link/[^\"\s<]+", made.text)
        assert link is not None, f"no second officer: {made.status_code} {made.text[:500]}"
        self.second = httpx.Client(base_url=product.url, timeout=15, trust_env=False)
        page = self.second.get(link[0], follow_redirects=True).text
        fields = {**hidden_fields(page, "/admin/link"), "password": PASSWORD, "repeated": PASSWORD}
        entered = self.second.post("/admin/link", data=fields)
        assert entered.status_code == 303, f"the second officer's password: {entered.status_code}"

    def takes(self, number: str) -> None:
        """The officer begins to work on it, in a department if it has none."""
        if case_of(self.database, number).department_id is None:
            page = self._page(self.first, number)
            choice = re.search(r'<option value="(\d+)"', page)
            assert choice is not None, "no department to give it to"
            self._sends(self.first, number, "hand-on", to=choice[1], reason="ตามหน้าที่")
        self._sends(self.first, number, "move", target="in_progress", reason="อยู่ใกล้")

    def asks(self, number: str, words: str) -> None:
        """The officer needs to know more."""
        self._sends(self.first, number, "move", target="needs_information", note=words)

    def writes(self, number: str, words: str) -> None:
        """The officer writes to the resident."""
        self._sends(self.first, number, "say", to="resident", text=words)

    def finishes(self, number: str, words: str) -> None:
        """The officer says that it is done, and the second one agrees."""
        if case_of(self.database, number).state != "in_progress":
            self.takes(number)
        self._sends(self.first, number, "propose", note=words)
        self._sends(self.second, number, "agree")

    def tasks(self) -> str:
        """The page of improvement tasks."""
        return html.unescape(self.first.get("/admin/cases/tasks").text)

    def page(self, number: str) -> str:
        """What the officer in charge reads about it."""
        return html.unescape(self._page(self.first, number))

    def _page(self, client: httpx.Client, number: str) -> str:
        page = client.get(f"/admin/cases/{case_of(self.database, number).id}")
        assert page.status_code == 200, f"case {number} answered {page.status_code}"
        return page.text

    def _sends(self, client: httpx.Client, number: str, route: str, **typed: str) -> None:
        """Fills in one form of the page of a complaint, as it is now, and sends it."""
        case = case_of(self.database, number)
        action = f"/admin/cases/{case.id}/{route}"
        fields = {**hidden_fields(self._page(client, number), action), "seen": str(case.version), **typed}
        answer = client.post(action, data=fields)
        assert answer.status_code == 303, (
            f"{route} {typed} answered {answer.status_code}: {refusal(answer.text)}"
        )


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A complaint as the database holds it."""

    id: int
    number: str
    state: str
    category: str
    text: str
    source: str
    latitude: float | None
    address: str
    reporter_name: str | None
    department_id: int | None
    version: int


def case_of(database: Path, number: str) -> Stored:
    """The complaint with this number."""
    plain = number.replace("-", "")
    return next(case for case in cases_with(database, "") if case.number == plain)


def cases_with(database: Path, words: str) -> list[Stored]:
    """The complaints whose text holds these words, oldest first."""
    names = list(Stored.__dataclass_fields__)
    query = f"SELECT {', '.join(names)} FROM complaints WHERE instr(text, ?) OR ? = '' ORDER BY id"
    return [Stored(**dict(zip(names, row, strict=True))) for row in rows(database, query, words, words)]


def rows(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query finds in the product's own database."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(query, values).fetchall()


def comes_to_hold(holds: Any, seconds: float = 6.0) -> bool:
    """Whether what is asked becomes true within the seconds."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return bool(found)


def refusal(page: str) -> str:
    """What a refused form says, without the page around it."""
    found = re.search(r'role="alert".*?</div>', page, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[0] if found else page[:500])

"""Every page of the whole application as a browser gets it, with what hostile people have written on it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from eservice.complaints import service
from eservice.kit.database import Database
from eservice.staff.models import Role
from tests.access.asking import Caller
from tests.access.cast import Cast, whole_cast
from tests.access.hostile import spoil
from tests.access.payloads import PAYLOADS
from tests.admin.test_access_matrix import ROUTES
from tests.complaints.desk import LIGHT
from tests.inquiries.desk import add_staff, leave, meet

NOBODY = Caller()
PORTAL = ("/", "/faq", "/faq/lamps", "/faq?q=ไฟ", "/privacy", "/sitemap", "/report", "/track", "/figures", "/chat",
          "/docs", "/mydata", "/nowhere")  # fmt: skip
TOGETHER = 24  # payloads in one text
ALLOWED_ADDRESS = re.compile(
    r"data:image/png;base64,[\w+/=]+$|(?!(?:javascript|data|vbscript)\s*:)", re.IGNORECASE
)  # a picture that we drew, as of a sign


@pytest.fixture
def cast(database: Database, tmp_path: Path) -> Iterator[Cast]:
    with whole_cast(database, tmp_path) as cast:
        yield cast


class Markup(HTMLParser):
    """What a page would run, load or send elsewhere although it may not."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in ("style", "iframe", "object", "embed", "base", "applet", "frame", "marquee", "math"):
            self.faults.append(f"<{tag}>")
        if tag == "script" and not (named.get("src") or "").startswith("/"):
            self.faults.append("inline script")
        if tag == "meta" and "http-equiv" in named:
            self.faults.append("<meta http-equiv>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.faults.append(f"{tag} {name}={value!r}")
            if name in ("href", "src", "action", "formaction", "xlink:href") and not ALLOWED_ADDRESS.match(
                (value or "").strip()
            ):
                self.faults.append(f"{tag} {name}={value!r}")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_page_runs_what_people_wrote_and_each_says_what_it_may_load(cast: Cast) -> None:
    staff, case_ids, inquiry_ids = _hostile_office(cast)
    pages = [(NOBODY, address) for address in PORTAL]
    with cast.undone():
        track = cast.opened("/track", {"act": "open", "number": cast.lamp.number, "key": cast.lamp.key or ""})
        copy = cast.opened("/mydata", {"secret": cast.copy_secret})
    pages += [(track, "/track"), (track, "/track/personal"), (copy, "/mydata/all"), (NOBODY, "/admin/login")]
    for method, path in ROUTES:
        if method == "GET":
            pages += [(staff, f"/admin{filled}") for filled in _filled(cast, path, case_ids, inquiry_ids)]
    wrong: list[object] = []
    looked_at = 0
    for caller, address in pages:
        answer = cast.asker.ask(caller, "GET", address, headers={"accept": "text/html"})
        headers = answer.headers
        policy = headers.get("content-security-policy", "")
        is_page = "html" in headers.get("content-type", "")
        if answer.status_code >= 500 or "nosniff" not in headers.get("x-content-type-options", ""):
            wrong.append((address, answer.status_code, "nosniff"))
        keeping = (
            "private, no-cache" if "/photos/" in address and not is_page else "no-store"
        )  # a photo is asked for each time
        if caller is not NOBODY and headers.get("cache-control") != keeping:
            wrong.append((address, headers.get("cache-control"), "kept"))
        if is_page:
            looked_at += 1
            wrong += [(address, fault) for fault in Markup(answer.text).faults]
            says_all = (
                "default-src 'self'" in policy and "frame-ancestors" in policy and "unsafe" not in policy
            )
            if not says_all or "referrer-policy" not in headers or "permissions-policy" not in headers:
                wrong.append((address, policy, dict(headers)))
    assert wrong == [], "\n".join(map(str, wrong))
    assert looked_at > 60


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_export_is_computed_by_a_spreadsheet(cast: Cast) -> None:
    staff, _, _ = _hostile_office(cast)
    addresses = [
        f"/admin{path.replace('{kind}', kind)}"
        for method, path in ROUTES
        for kind in ("csv", "xlsx")
        if method == "GET" and ("{kind}" in path or path.endswith(".csv"))
    ]
    assert len(set(addresses)) >= 6
    for address in {*addresses, "/figures.csv"}:
        answer = cast.asker.ask(staff, "GET", address)
        if answer.status_code == 404:  # a form that this export does not have
            continue
        assert answer.status_code == 200, address
        if address.endswith("xlsx"):
            sheets = ZipFile(io.BytesIO(answer.content))
            assert not any(b"<f>" in sheets.read(name) for name in sheets.namelist()), address
            continue
        for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))):
            assert not [cell for cell in row if cell[:1] in tuple("=+@\t\r") or re.match(r"-\D", cell)], (
                address
            )


def test_the_case_on_paper_has_the_words_and_runs_nothing(cast: Cast) -> None:
    staff, case_ids, _ = _hostile_office(cast)
    for case_id in case_ids[:3]:
        answer = cast.asker.ask(staff, "GET", f"/admin/cases/{case_id}/file.pdf")
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
        for word in (b"/JavaScript", b"/JS", b"/OpenAction", b"/Launch", b"/EmbeddedFile"):
            assert word not in answer.content


def _hostile_office(cast: Cast) -> tuple[Caller, list[int], list[int]]:
    """A person with every role, and cases and questions whose every word is hostile."""
    texts = ["\n".join(PAYLOADS[start : start + TOGETHER]) for start in range(0, len(PAYLOADS), TOGETHER)]
    cases = [
        cast.desk.file(
            replace(
                LIGHT,
                text=text,
                reporter_name=PAYLOADS[number],
                address=PAYLOADS[-number - 1],
                village=PAYLOADS[number * 7 % len(PAYLOADS)][:60],
            )
        )
        for number, text in enumerate(texts)
    ]
    with cast.database.unit_of_work() as uow:
        everything = add_staff(uow, "everything", *Role)
        inquiries = [
            leave(uow, meet(uow, f"U-{number}", name=PAYLOADS[number]), text).id
            for number, text in enumerate(texts)
        ]
        service.say(uow, cases[0].complaint_id, texts[0], by=cast.desk.palad, to_resident=True)
        assert spoil(uow) > 100 and len(PAYLOADS) >= 500
    staff = cast.asker.session_of(cast.database, everything)
    return staff, [case.complaint_id for case in cases], inquiries


def _filled(cast: Cast, path: str, case_ids: list[int], inquiry_ids: list[int]) -> list[str]:
    for name, ids in (
        ("{case_id:int}", case_ids), ("{inquiry_id:int}", inquiry_ids), ("{photo_id:int}", [cast.photo_id]),
        ("{entry_id:int}", [cast.entry_id]),
        *((name, [int(number) for number in cast.things[name].values()])
          for name in ("{request_id:int}", "{breach_id:int}")),
    ):  # fmt: skip
        if name in path:
            # All words are on the page of each thing; what else shows them is looked at with some.
            return [path.replace(name, str(number)) for number in (ids if path.endswith(name) else ids[:3])]
    return [re.sub(r"\{[^}]*\}", "1", path)]

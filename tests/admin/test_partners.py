"""The room of other systems: secrets shown once, everything in words, nothing to addresses within."""

import html
import re
from pathlib import Path

import pytest

from admin import partners
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff import tokens
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from eservice.webhooks.models import WebhookState
from tests.admin.test_own_second_factor import set_up, with_password
from tests.admin.visitors import GOOD_PASSWORD, Doors, Visitor
from tests.webhooks.partner import happens, listening, messages, send_due

HOME = "/admin/partners"


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    return Doors(database, tmp_path, [partners.router])


@pytest.fixture
def room(doors: Doors) -> Visitor:
    return doors.browser("somsri", Role.ADMINISTRATOR)


def text_of(page: str) -> str:
    return html.unescape(page).replace("\N{NO-BREAK SPACE}", " ")


def shown_secret(page: str) -> str:
    found = re.search(r'id="secret" name="secret" type="text" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def actions(doors: Doors, kind: str, name: str) -> list[tuple[str, str]]:
    with doors.database.read() as reader:
        found = audit.history(reader, subject_kind=kind, subject_id=name)
        return sorted((record.action, record.actor) for record in found)


def test_a_token_is_shown_once_and_opens_until_it_is_replaced_or_revoked(room: Visitor, doors: Doors) -> None:
    fields = {"name": "Province", "roles": "checker", "department": str(doors.works_id), "days": "90"}
    token = shown_secret(room.post(f"{HOME}/new-token", **fields).text)
    page = text_of(room.get(HOME).text)
    assert token not in page and all(words in page for words in ("province", "ผู้ตรวจ (กองช่าง)", "คุณsomsri"))
    with doors.database.read() as reader:
        found = tokens.find(reader, token)
        assert found is not None
        assert found.principal.grants == {Grant(role=Role.CHECKER, department_id=doors.works_id)}
    renewed = shown_secret(room.post(f"{HOME}/tokens/province/renew", days="30").text)
    assert room.post(f"{HOME}/tokens/province/revoke").status_code == 303
    with doors.database.read() as reader:
        assert tokens.find(reader, token) is None and tokens.find(reader, renewed) is None
    assert "ยกเลิกแล้ว" in text_of(room.get(HOME).text)
    assert actions(doors, "api_token", "province") == [
        ("api_token.created", "somsri"), ("api_token.renewed", "somsri"), ("api_token.revoked", "somsri"),
    ]  # fmt: skip


def test_a_token_refuses_what_the_form_does_not_offer(room: Visitor) -> None:
    good = {"name": "province", "roles": "checker", "days": "90"}
    for wrong in ({"roles": "author"}, {"roles": "nobody"}, {"days": "9999"}, {"days": "x"}, {"name": "ก"}):
        answer = room.post(f"{HOME}/new-token", **{**good, **wrong})
        assert answer.status_code == 422 and 'id="secret"' not in answer.text, wrong
    assert "province" not in room.get(HOME).text


def test_news_is_tried_paused_and_stopped_with_its_outcome_in_words(room: Visitor, doors: Doors) -> None:
    address = f"{HOME}/webhooks/province"
    with listening() as partner:
        fields = {"name": "province", "url": partner.url, "kinds": "case.filed"}
        secret = shown_secret(room.post(f"{HOME}/new-webhook", **fields).text)
        assert secret.startswith("whsec_") and secret not in room.get(address).text
        room.post(f"{address}/test")
        room.post(f"{address}/pause")
        assert send_due(doors.database) == 0
        assert "พักส่งข่าวอยู่" in text_of(_followed(room, f"{address}/test"))
        room.post(f"{address}/resume")
        assert send_due(doors.database) == 1
        assert '"type": "test"' in partner.heard[0].body
        assert happens(doors.database, "event:1") == 0  # it hears of other things only
        room.post(f"{address}/test")
    assert send_due(doors.database) == 1  # nobody listens any more
    page = text_of(room.get(address).text)
    assert "ถึงแล้ว" in page and "ยังไม่ถึง จะลองใหม่" in page and "ต่อไปที่ระบบนั้นไม่ได้" in page
    assert "รายละเอียดสำหรับผู้ดูแลระบบ" in page and "no connection" in page
    assert room.post(f"{address}/remove").status_code == 303
    assert messages(doors.database)[0].state is WebhookState.GIVEN_UP
    assert room.post(f"{HOME}/messages/{messages(doors.database)[0].key}/send-again").status_code == 404
    assert [action for action, _ in actions(doors, "webhook", "province")] == [
        "webhook.added", "webhook.paused", "webhook.removed", "webhook.resumed", "webhook.tested", "webhook.tested",
    ]  # fmt: skip


def test_no_address_within_a_network_is_taken(database: Database, tmp_path: Path, clock: FixedClock) -> None:
    real = Doors(
        database,
        tmp_path,
        [partners.router],
        app_env="production",
        secret_key="k" * 32,
        public_url="https://abt.example.go.th",
    )
    with_password(real, "somsri", Role.ADMINISTRATOR)
    room = real.visitor()
    room.sign_in("somsri", GOOD_PASSWORD)
    set_up(room, clock)
    addresses = ("http://127.0.0.1:9/", "https://10.0.0.5/", "https://localhost/", "https://169.254.169.254/")
    for url in (*addresses, "https://partner.example.go.th/hook"):
        answer = room.post(f"{HOME}/new-webhook", name="province", url=url, kinds="case.filed")
        assert answer.status_code == (422 if url in addresses else 200), url


def _followed(room: Visitor, address: str) -> str:
    return room.get(room.post(address).headers["location"]).text

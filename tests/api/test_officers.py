"""What partner systems do with a token: within its roles, on the version they read, and under its name."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from eservice.complaints import filing
from eservice.complaints.models import Complaint, ComplaintComment, Source
from eservice.complaints.states import ComplaintState
from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.outbox import OutboxEvent
from eservice.staff import tokens
from eservice.staff.models import ApiToken, Role
from tests.api.caller import LAMP, Api, code
from tests.complaints.desk import LIGHT

CHANGES: dict[str, dict[str, Any]] = {
    "hand-on": {"department": "กองช่าง"},
    "state": {"state": "in_progress"},
    "propose-done": {"note": "เปลี่ยนหลอดแล้ว"},
    "agree-done": {},
    "merge": {"into": "K7RM4WQD"},
    "split": {"reason": "คนละเสา"},
    "category": {"category": "น้ำประปา"},
    "extension": {"until": "2026-12-20", "reason": "รออะไหล่"},
}


def do(api: Api, token: str, number: str, act: str, **body: object) -> dict[str, Any]:
    """A change of the version as it is now, which must go well."""
    answer = api.post(f"/{number}/{act}", body, token=token, if_match=f'"{api.version(number)}"')
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert answer.json()["version"] == api.version(number)
    return answer.json()


def test_a_case_goes_its_whole_way_through_two_tokens(api: Api) -> None:
    one, two = api.token("traffy", Role.RESPONDER), api.token("province", Role.CHECKER)
    filed = api.file(LAMP | {"category": "เสียงกลิ่นควัน"}, token=one)
    number = filed["number"]
    assert api.stored(number).source is Source.API
    assert do(api, one, number, "hand-on", department="กองช่าง", assignee="somsri")["assignee"] == "somsri"
    assert do(api, one, number, "state", state="in_progress")["state"] == "in_progress"
    waiting = do(api, one, number, "state", state="waiting", reason="รอเงิน", waiting_reason="budget")
    assert waiting["state"] == "waiting"
    do(api, one, number, "state", state="in_progress")
    do(api, one, number, "propose-done", note="เปลี่ยนหลอดแล้ว")
    alone = api.post(f"/{number}/agree-done", {"version": api.version(number)}, token=one)
    assert (alone.status_code, code(alone)) == (409, "complaints.needs_second_officer")
    assert do(api, two, number, "agree-done")["state"] == "resolved"
    assert api.get(f"/{number}", key=filed["key"]).json()["timeline"][-1]["note"] == "เปลี่ยนหลอดแล้ว"
    record = api.get(f"/{number}/record", token=two).json()
    assert [event["who"] for event in record["history"]] == ["api:traffy"] * 6 + ["api:province"]
    with api.database.read() as reader:
        actors = reader.session.scalars(
            select(AuditRecord.actor).where(AuditRecord.subject_kind == "complaint")
        )
        assert set(actors) == {"api:traffy", "api:province"}


def test_the_record_has_all_that_the_office_knows_and_no_id_of_its_tables(api: Api) -> None:
    token = api.token("traffy", Role.RESPONDER)
    filed = api.file(LAMP | {"reporter_name": "แดง ใจดี", "latitude": 15.5, "longitude": 100.5})
    api.post(f"/{filed['number']}/comments", {"text": "โทรมาแล้ว", "kind": "note"}, token=token)
    answer = api.get(f"/{filed['number']}/record", token=token)
    record = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert (record["text"], record["reporter_name"], record["latitude"]) == (LAMP["text"], "แดง ใจดี", 15.5)
    assert record["comments"][0] | {"at": ""} == {
        "at": "", "kind": "note", "who": "api:traffy", "text": "โทรมาแล้ว",
    }  # fmt: skip
    assert record["filed_at"].endswith("+07:00") and record["history"][0]["at"].endswith("+07:00")
    assert not [name for name in _names(record) if name == "id" or name.endswith("_id")]


def test_replies_reach_the_resident_and_notes_do_not(api: Api) -> None:
    token = api.token("traffy", Role.RESPONDER)
    filed = api.file()
    where = f"/{filed['number']}/comments"
    for kind in ("reply", "note"):
        for _ in range(2):
            said = api.post(
                where, {"text": kind, "kind": kind}, token=token, idempotency_key=f"comment-{kind}"
            )
            assert (said.status_code, said.json()["kind"]) == (201, kind)
    for kind in (None, "resident", "extension"):
        assert api.post(where, {"text": "x", "kind": kind}, token=token).status_code == 422
    seen = api.get(f"/{filed['number']}", key=filed["key"]).json()["timeline"]
    assert [entry["text"] for entry in seen if entry["kind"]] == ["reply"]


@pytest.mark.parametrize("act", CHANGES)
def test_a_change_needs_the_version_that_was_read(api: Api, act: str) -> None:
    token, filed = api.token("traffy", Role.RESPONDER), api.file()
    where, body = f"/{filed['number']}/{act}", CHANGES[act]
    if act == "merge":
        body = {"into": api.file()["number"]}
    missing = api.post(where, body, token=token)
    assert (missing.status_code, code(missing)) == (422, "cases.needs_version")
    for old in ({"if_match": '"7"'}, {}):
        answer = api.post(where, body | ({} if old else {"version": 7}), token=token, **old)
        assert (answer.status_code, code(answer)) == (409, "complaints.changed")
    for wrong in ("*", '"x"', "", "-1", '"99999999999"'):
        assert code(api.post(where, body, token=token, if_match=wrong)) in ("cases.needs_version",), wrong
    both = api.post(where, body | {"version": 1}, token=token, if_match='"2"')
    assert code(both) == "cases.needs_version"
    assert api.version(filed["number"]) == 1


@pytest.mark.parametrize("act", CHANGES)
def test_no_body_takes_more_than_it_says(api: Api, act: str) -> None:
    token, filed = api.token("traffy", Role.RESPONDER), api.file()
    for extra in (
        {"by": 1},
        {"role": "administrator"},
        {"approved_by": "x"},
        {"department_id": 1},
        {"owner_id": 1},
    ):
        body = CHANGES[act] | {"version": 1} | extra
        answer = api.post(f"/{filed['number']}/{act}", body, token=token)
        assert (answer.status_code, code(answer)) == (422, "http.invalid"), extra
    assert api.version(filed["number"]) == 1


@pytest.mark.parametrize("act", CHANGES)
def test_roles_that_do_not_allow_it_are_refused(api: Api, act: str) -> None:
    filed = api.file()
    worker = api.token("traffy", Role.RESPONDER)
    do(api, worker, filed["number"], "hand-on", department="กองช่าง")
    checker = api.token("checker", Role.CHECKER, department_id=api.desk.works)
    body = CHANGES[act] | {"version": api.version(filed["number"])}
    if act == "merge":
        body["into"] = filed["number"]
    answer = api.post(f"/{filed['number']}/{act}", body, token=checker)
    if act == "agree-done":  # a checker may, but there is nothing to agree to yet
        assert (answer.status_code, code(answer)) == (409, "complaints.not_allowed")
    elif act == "merge":
        assert (answer.status_code, code(answer)) == (409, "complaints.same_complaint")
        other = api.file()["number"]
        answer = api.post(f"/{filed['number']}/merge", body | {"into": other}, token=checker)
        assert (answer.status_code, code(answer)) == (403, "staff.forbidden")
    else:
        assert (answer.status_code, code(answer)) == (403, "staff.forbidden")
    note = api.post(f"/{filed['number']}/comments", {"text": "x", "kind": "note"}, token=checker)
    assert (note.status_code, code(note)) == (403, "staff.forbidden")


@pytest.mark.parametrize("act", [*CHANGES, "comments", "record"])
def test_what_another_department_has_is_not_there(api: Api, act: str) -> None:
    filed, worker = api.file(), api.token("traffy", Role.RESPONDER)
    do(api, worker, filed["number"], "hand-on", department="กองช่าง")
    finance = api.token("finance", Role.RESPONDER, department_id=api.desk.finance)
    body = CHANGES.get(act, {"text": "x", "kind": "note"}) | ({"version": 2} if act in CHANGES else {})
    if act == "merge":
        body["into"] = api.file()["number"]
    method = "GET" if act == "record" else "POST"
    answer = api.call(method, f"/{filed['number']}/{act}", None if act == "record" else body, token=finance)
    assert (answer.status_code, code(answer)) == (404, "complaints.not_found")
    assert filed["number"] not in api.get(token=finance).text


@pytest.mark.parametrize("act", [*CHANGES, "record"])
def test_nothing_opens_without_a_token_that_is_good(api: Api, clock: FixedClock, act: str) -> None:
    filed, token = api.file(), api.token("traffy", Role.RESPONDER)
    revoked = api.token("gone", Role.RESPONDER)
    with api.database.unit_of_work() as uow:
        tokens.revoke_token(uow, "gone")
    method = "GET" if act == "record" else "POST"
    body = None if act == "record" else CHANGES[act] | {"version": 1}
    where = f"/{filed['number']}/{act}"
    for wrong in ("", "nonsense", token[:-1], token.upper(), revoked):
        answer = api.call(method, where, body, token=wrong)
        assert (answer.status_code, code(answer)) == (401, "http.unauthenticated"), wrong
    basic = api.call(method, where, body, authorization=f"Basic {token}")
    assert basic.status_code == 401
    with_key = api.call(method, where, body, key=filed["key"])
    assert with_key.status_code == 401
    clock.advance(days=31)
    assert api.call(method, where, body, token=token).status_code == 401
    assert api.version(filed["number"]) == 1


def test_a_bad_token_is_not_taken_for_a_resident(api: Api) -> None:
    answer = api.post("", LAMP, idempotency_key="request-1", token="nonsense")
    assert answer.status_code == 401
    filed = api.file()
    where = f"/{filed['number']}/comments"
    assert api.post(where, {"text": "x"}, key=filed["key"], token="nonsense").status_code == 401
    assert api.get().status_code == 401


def test_a_checker_may_not_file(api: Api) -> None:
    answer = api.post("", LAMP, idempotency_key="request-1", token=api.token("checker", Role.CHECKER))
    assert (answer.status_code, code(answer)) == (403, "staff.forbidden")


def test_the_accused_department_sees_nothing_through_its_token(api: Api) -> None:
    with api.database.unit_of_work() as uow:
        accusing = replace(LIGHT, accused=frozenset({api.desk.finance}), contact_id=api.desk.daeng)
        filed = filing.file_complaint(uow, accusing, idempotency_key="accusing")
    token = api.token("finance", Role.RESPONDER, department_id=api.desk.finance)
    assert api.get(f"/{filed.number}/record", token=token).status_code == 404
    assert api.get(token=token).json()["items"] == []
    boss = api.token("boss", Role.RESPONDER)
    refused = api.post(f"/{filed.number}/hand-on", {"department": "กองคลัง", "version": 1}, token=boss)
    assert (refused.status_code, code(refused)) == (409, "complaints.accused")


def test_a_change_sent_twice_under_one_key_is_done_once(api: Api) -> None:
    token, filed = api.token("traffy", Role.RESPONDER), api.file()
    where, body = f"/{filed['number']}/hand-on", {"department": "กองช่าง", "version": 1}
    answers = [api.post(where, body, token=token, idempotency_key="change-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["etag"] == '"2"'
    other = api.post(where, body | {"department": "กองคลัง"}, token=token, idempotency_key="change-1")
    assert (other.status_code, code(other)) == (409, "http.key_reused")
    strangers = api.post(where, body, token=api.token("other", Role.RESPONDER), idempotency_key="change-1")
    assert code(strangers) == "complaints.changed"
    assert api.version(filed["number"]) == 2


def test_merging_splitting_correcting_and_extending(api: Api) -> None:
    token = api.token("traffy", Role.RESPONDER)
    first, second = api.file()["number"], api.file()["number"]
    merged = do(api, token, second, "merge", into=first.lower())
    assert (merged["state"], merged["continues_as"]) == ("duplicate", first)
    assert do(api, token, second, "split", reason="คนละเสา")["state"] == "received"
    corrected = do(api, token, second, "category", category="น้ำประปา")
    assert corrected["category"] == "น้ำประปา"
    assert corrected["urgency"] == api.stored(second).urgency.value
    assert do(api, token, second, "category", category="น้ำประปา", urgency="urgent")["urgency"] == "urgent"
    second = api.file()["number"]
    extended = do(api, token, second, "extension", until="2026-12-20", reason="รออะไหล่")
    assert extended["answer_due_at"] == "2026-12-21T00:00:00+07:00"
    with api.database.read() as reader:
        said = reader.session.scalars(select(ComplaintComment.text)).all()
        assert said == ["รออะไหล่"]


@pytest.mark.parametrize(
    ("act", "body", "told"),
    [
        ("hand-on", {"department": "กองลับ"}, "complaints.unknown_department"),
        ("hand-on", {"department": "กองช่าง", "assignee": "nobody"}, "complaints.unknown_assignee"),
        ("hand-on", {"department": "กอง\0ลับ"}, "complaints.unknown_department"),
        ("hand-on", {"department": "กองช่าง", "assignee": "no\0body"}, "complaints.unknown_assignee"),
        ("category", {"category": "น้ำ\0"}, "complaints.no_category"),
        ("hand-on", {"department": "กองช่าง", "assignee": "malee"}, "complaints.unknown_assignee"),
        ("state", {"state": "resolved"}, "complaints.not_allowed"),
        ("state", {"state": "rejected"}, "complaints.needs_reason"),
        ("state", {"state": "nonsense"}, "http.invalid"),
        ("category", {"category": "ไม่มี"}, "complaints.no_category"),
        ("extension", {"until": "2020-01-01", "reason": "x"}, "complaints.bad_extension"),
        ("merge", {"into": "nonsense"}, "complaints.not_found"),
    ],
)
def test_refusals_are_those_of_the_services(api: Api, act: str, body: dict[str, Any], told: str) -> None:
    token, filed = api.token("traffy", Role.RESPONDER), api.file()
    answer = api.post(f"/{filed['number']}/{act}", body | {"version": 1}, token=token)
    assert code(answer) == told
    assert answer.json()["title"] and answer.json()["title_en"]
    assert api.version(filed["number"]) == 1


def test_the_list_pages_through_everything_once(api: Api) -> None:
    token = api.token("traffy", Role.RESPONDER)
    numbers = [api.file()["number"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = api.get(f"?limit=2{f'&cursor={cursor}' if cursor else ''}", token=token).json()
        seen += [row["number"] for row in page["items"]]
        cursor = page["cursor"]
    assert cursor is None
    assert seen == numbers[::-1]
    assert "text" not in page["items"][0] and "reporter_name" not in page["items"][0]
    for wrong in ("nonsense", "%F0", "AAAA", "S1JNNA=="):
        assert code(api.get(f"?cursor={wrong}", token=token)) == "cases.bad_cursor"


def test_the_list_is_filtered(api: Api, clock: FixedClock) -> None:
    token = api.token("traffy", Role.RESPONDER)
    old = api.file()["number"]
    begun = clock.now() + timedelta(hours=1)
    clock.advance(hours=2)
    new = api.file({"text": "น้ำไม่ไหล", "category": "น้ำประปา"})["number"]

    def found(query: str) -> list[str]:
        return [row["number"] for row in api.get(f"?{query}", token=token).json()["items"]]

    since = begun.isoformat().replace("+00:00", "Z")
    assert found("category=น้ำประปา") == [new]
    assert found(f"filed_since={since}") == [new]
    do(api, token, old, "hand-on", department="กองช่าง")
    assert found(f"changed_since={since}") == [new, old]
    assert found("department=กองช่าง") == [old]
    assert found("state=received") == [new]
    assert found("state=received&state=assigned") == [new, old]
    assert api.get("?changed_since=2026-01-01T00:00:00", token=token).status_code == 422
    assert code(api.get("?department=กองลับ", token=token)) == "complaints.unknown_department"
    assert api.get("?limit=101", token=token).status_code == 422
    assert found("category=%00x") == []


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_outside_of_all_calendars_is_refused(api: Api, instant: str) -> None:
    answer = api.get(f"?changed_since={instant}", token=api.token("reader", Role.CHECKER))
    assert (answer.status_code, code(answer)) == (422, "http.invalid")


def test_a_change_is_told_like_one_from_the_desk_and_the_tokens_use_is_noted(api: Api) -> None:
    token, filed = api.token("traffy", Role.RESPONDER), api.file()
    do(api, token, filed["number"], "hand-on", department="กองช่าง")
    with api.database.read() as reader:
        kinds = reader.session.scalars(select(OutboxEvent.kind).order_by(OutboxEvent.id)).all()
        assert kinds == ["complaint.changed"] * 2
        assert reader.session.scalars(select(ApiToken.last_used_at)).one() == reader.now
        state = reader.session.scalars(select(Complaint.state)).one()
        assert state is ComplaintState.ASSIGNED


def _names(thing: object) -> list[str]:
    match thing:
        case dict():
            return [*thing, *(name for value in thing.values() for name in _names(value))]
        case list():
            return [name for value in thing for name in _names(value)]
        case _:
            return []

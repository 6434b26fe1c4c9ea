"""What residents do through the API: filing once, looking, acting with the key, and guessing in vain."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from eservice.api.callers import all_of
from eservice.api.shapes import NewComment
from eservice.complaints import filing, floods, service
from eservice.complaints.models import Complaint, ComplaintComment, FailedLookup, Source
from eservice.complaints.numbers import new_key, new_number, shown
from eservice.complaints.states import ComplaintState
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff.models import Role
from knowledge.classify import ComplaintClassifier
from tests.api.caller import LAMP, Api, code, open_api

LOCAL = "+07:00"


def count(api: Api, table: type[Complaint] | type[ComplaintComment] | type[FailedLookup]) -> int:
    with api.database.read() as reader:
        return reader.session.scalar(select(func.count()).select_from(table)) or 0


def resolve(api: Api, number: str) -> None:
    """The office works on it and calls it done."""
    desk, case_id = api.desk, api.stored(number).id
    with api.database.unit_of_work() as uow:
        uow.session.get_one(Complaint, case_id).needs_photo = False
        case = service.hand_on(uow, case_id, desk.works, by=desk.somsri, seen_version=1)
        case = service.change_state(
            uow, case_id, ComplaintState.IN_PROGRESS, by=desk.somsri, seen_version=case.version
        )
        case = service.propose_done(uow, case_id, "เปลี่ยนหลอดแล้ว", by=desk.somsri, seen_version=case.version)
        service.agree_done(uow, case_id, by=desk.somchai, seen_version=case.version)


def test_filing_gives_a_number_a_key_and_the_dates(api: Api) -> None:
    body = LAMP | {"latitude": 15.1, "longitude": 100, "village": "บ้านหนองบัว", "reporter_name": "แดง"}
    filed = api.file(body)
    assert set(filed) == {
        "number", "key", "state", "category", "filed_at", "due_at", "answer_due_at", "emergency",
    }  # fmt: skip
    assert (filed["state"], filed["category"], filed["emergency"]) == ("received", LAMP["category"], [])
    assert filed["filed_at"].endswith(LOCAL)
    assert datetime.fromisoformat(filed["filed_at"]) < datetime.fromisoformat(filed["due_at"])
    stored = api.stored(filed["number"])
    assert (stored.source, stored.filed_by_id, stored.latitude, stored.longitude) == (
        Source.WEB,
        None,
        15.1,
        100,
    )


def test_without_a_category_one_is_proposed(api: Api) -> None:
    assert api.file({"text": "ท่อประปาแตกหน้าบ้าน น้ำไม่ไหล"})["category"] == "น้ำประปา"
    assert api.file({"text": "ขยะไม่มาเก็บสองอาทิตย์แล้ว"})["category"] == "ขยะและความสะอาด"


def test_a_report_of_corruption_gets_advice_unless_it_is_meant_for_the_office(api: Api) -> None:
    text = "นายก อบต. รับสินบนผู้รับเหมา ทุจริตงบถนน"
    refused = api.post("", {"text": text}, idempotency_key="request-1")
    assert (refused.status_code, code(refused)) == (422, "cases.looks_like_corruption")
    assert "1205" in refused.json()["title"]
    assert count(api, Complaint) == 0
    assert api.file({"text": text, "category": "ทุจริต"})["category"] == "ทุจริต"


def test_who_speaks_of_danger_is_told_whom_to_call_and_the_case_is_filed(api: Api) -> None:
    filed = api.file({"text": "ไฟไหม้บ้านข้างวัด ช่วยด้วย"})
    assert "199" in [one["number"] for one in filed["emergency"]]


def test_the_same_request_twice_is_one_case_and_shows_its_key_once(api: Api) -> None:
    first = api.post("", {"text": LAMP["text"]}, idempotency_key="request-1")
    again = api.post("", {"text": LAMP["text"]}, idempotency_key="request-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"key": None}
    other = api.post("", {"text": "อย่างอื่น"}, idempotency_key="request-1")
    assert (other.status_code, code(other)) == (409, "complaints.filed_otherwise")
    assert count(api, Complaint) == 1


@pytest.mark.parametrize("key", ["", "short", "ก" * 10, "x" * 101])
def test_filing_needs_an_idempotency_key(api: Api, key: str) -> None:
    headers = {"idempotency_key": key.encode()} if key else {}
    answer = api.post("", LAMP, **headers)
    assert (answer.status_code, code(answer)) == (422, "http.invalid")
    assert [fault["field"].lower() for fault in answer.json()["errors"]] == ["header.idempotency-key"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"text": " "}, "complaints.no_text"),
        ({"text": "ก" * 4001}, "complaints.text_too_long"),
        ({"text": "ไฟดับ", "address": "ก" * 301}, "complaints.line_too_long"),
        ({"text": "ไฟดับ", "category": "ไม่มีในระบบ"}, "complaints.no_category"),
        ({"text": "ไฟดับ", "category": "น้ำ\0ประปา"}, "complaints.no_category"),
        ({"text": "\0"}, "complaints.no_text"),
        ({"text": "ไฟดับ", "latitude": 15.0}, "complaints.bad_place"),
        ({"text": "ไฟดับ", "latitude": 91, "longitude": 0}, "http.invalid"),
        ({"text": "ไฟดับ", "latitude": "15", "longitude": "100"}, "http.invalid"),
        ({"text": 5}, "http.invalid"),
        ({}, "http.invalid"),
        ([], "http.invalid"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(api: Api, body: object, told: str) -> None:
    answer = api.post("", body, idempotency_key="request-1")
    assert (answer.status_code, code(answer)) == (422, told)
    assert {"title", "title_en", "status"} <= set(answer.json())
    assert count(api, Complaint) == 0


def test_nobody_decides_what_is_the_offices_to_decide(api: Api) -> None:
    for extra in (
        {"source": "walk_in"}, {"urgency": "urgent"}, {"state": "confirmed"}, {"needs_photo": False},
        {"contact_id": 1}, {"filed_by_id": 1}, {"department_id": 1}, {"accused": []}, {"number": "K7RM4WQD"},
        {"version": 9}, {"key": "x"}, {"id": 1}, {"due_at": "2030-01-01T00:00:00+07:00"},
    ):  # fmt: skip
        answer = api.post("", LAMP | extra, idempotency_key="request-1")
        assert answer.status_code == 422, extra
        assert [fault["field"] for fault in answer.json()["errors"]] == [f"body.{next(iter(extra))}"]
    assert count(api, Complaint) == 0


def test_the_number_shows_how_it_stands_and_the_key_everything(api: Api) -> None:
    filed = api.file(LAMP | {"reporter_name": "แดง ใจดี"})
    for typed in (filed["number"], shown(filed["number"]).lower()):
        status = api.get(f"/{typed}")
        assert status.status_code == 200
        assert set(status.json()) == {
            "number", "state", "standing", "waiting_reason", "department", "filed_at", "changed_at", "due_at",
            "answer_due_at", "continues_as",
        }  # fmt: skip
        assert LAMP["text"] not in status.text and LAMP["category"] not in status.text
    whole = api.get(f"/{filed['number']}", key=filed["key"]).json()
    assert (whole["text"], whole["category"]) == (LAMP["text"], LAMP["category"])
    assert [(entry["after"], entry["by"]) for entry in whole["timeline"]] == [("received", "resident")]
    assert whole["timeline"][0]["at"].endswith(LOCAL)


def test_a_wrong_number_and_a_wrong_key_are_the_same_refusal(api: Api) -> None:
    filed = api.file()
    wrong = [
        lambda: api.get(f"/{new_number()}", at="203.0.113.1"),
        lambda: api.get("/nonsense", at="203.0.113.1"),
        lambda: api.get(f"/{new_number()}", key=filed["key"], at="203.0.113.1"),
        lambda: api.get(f"/{filed['number']}", key=new_key(), at="203.0.113.1"),
        lambda: api.post(f"/{filed['number']}/withdraw", key=new_key(), at="203.0.113.2"),
        lambda: api.post(f"/{filed['number']}/confirm", key=new_key(), at="203.0.113.2"),
        lambda: api.post(f"/{filed['number']}/reopen", {"reason": "x"}, key=new_key(), at="203.0.113.2"),
        lambda: api.post(f"/{filed['number']}/rating", {"stars": 1}, key=new_key(), at="203.0.113.3"),
        lambda: api.post(f"/{filed['number']}/comments", {"text": "x"}, key=new_key(), at="203.0.113.3"),
        lambda: api.post(f"/{filed['number']}/comments", {"text": "x"}, at="203.0.113.3"),
        lambda: api.post(f"/{new_number()}/comments", {"text": "x"}, key=new_key(), at="203.0.113.3"),
    ]
    answers = [ask() for ask in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert count(api, FailedLookup) == len(wrong)
    assert api.stored(filed["number"]).state is ComplaintState.RECEIVED


def test_who_guesses_waits_and_nobody_else_does(api: Api, clock: FixedClock) -> None:
    filed = api.file()
    statuses = [api.get(f"/{filed['number']}", key=new_key()).status_code for _ in range(12)]
    assert statuses == [404] * 10 + [429] * 2
    refused = api.get(f"/{filed['number']}", key=filed["key"])
    assert (refused.status_code, code(refused)) == (429, "complaints.too_many_tries")
    seconds = int(refused.headers["retry-after"])
    assert count(api, FailedLookup) == 10
    assert api.get(f"/{filed['number']}", key=filed["key"], at="203.0.113.8").status_code == 200
    assert api.post(f"/{filed['number']}/withdraw", key=filed["key"]).status_code == 429
    clock.advance(seconds=seconds)
    assert api.get(f"/{filed['number']}", key=filed["key"]).status_code == 200


def test_a_household_on_ipv6_is_one_guesser_and_no_header_makes_it_another(api: Api) -> None:
    filed = api.file()
    for turn in range(10):
        api.get(f"/{filed['number']}", key=new_key(), at=f"2001:db8:1:1::{turn + 1}")
    last = "2001:db8:1:1::ffff"
    assert api.get(f"/{filed['number']}", at=last).status_code == 429
    assert api.get(f"/{filed['number']}", at=last, x_forwarded_for="203.0.113.99").status_code == 429
    assert api.get(f"/{filed['number']}", at=last, authorization="Bearer nonsense").status_code == 429
    assert api.get(f"/{filed['number']}", at="2001:db8:1:2::1").status_code == 200


def test_the_resident_says_more_and_a_retry_says_it_once(api: Api) -> None:
    filed = api.file()
    where = f"/{filed['number']}/comments"
    answers = [
        api.post(where, {"text": "เสาต้นที่สาม"}, key=filed["key"], idempotency_key="comment-1")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["kind"], answers[0].json()["text"]) == ("resident", "เสาต้นที่สาม")
    other = api.post(where, {"text": "อื่น"}, key=filed["key"], idempotency_key="comment-1")
    assert (other.status_code, code(other)) == (409, "http.key_reused")
    assert count(api, ComplaintComment) == 1
    as_staff = api.post(where, {"text": "สวัสดี", "kind": "reply"}, key=filed["key"])
    assert as_staff.status_code == 422
    assert count(api, ComplaintComment) == 1


def test_who_files_or_says_very_much_waits_and_nobody_else_does(api: Api) -> None:
    def file(turn: int, **how: str) -> int:
        return api.post("", LAMP, idempotency_key=f"flood-{turn:04d}", **how).status_code

    assert [file(turn) for turn in range(floods.LIMIT.free + 1)] == [201] * floods.LIMIT.free + [429]
    assert file(101, at="203.0.113.8") == 201
    assert file(102, token=api.token("bridge", Role.RESPONDER)) == 201
    assert count(api, Complaint) == floods.LIMIT.free + 2

    filed = api.file(at="203.0.113.9")
    where = f"/{filed['number']}/comments"
    with api.database.unit_of_work() as uow:
        for _ in range(floods.WORDS_LIMIT.free - 1):
            floods.admit_words(uow, "203.0.113.7")
    answers = [api.post(where, {"text": "ยังดับอยู่"}, key=filed["key"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert (code(answers[1]), "retry-after" in answers[1].headers) == ("complaints.too_many_said", True)
    assert api.post(where, {"text": "ยังดับอยู่"}, key=filed["key"], at="203.0.113.8").status_code == 201


def test_a_body_with_half_characters_is_told_apart_from_others() -> None:
    halves = [NewComment(text=f"ไฟ{half}ดับ") for half in ("\udc00", "\ud800")]
    assert len({all_of(new) for new in [*halves, NewComment(text="ไฟดับ")]}) == 3


def test_a_refused_request_may_come_again_under_its_key(api: Api) -> None:
    filed = api.file()
    where = f"/{filed['number']}/confirm"
    assert code(api.post(where, key=filed["key"], idempotency_key="confirm-1")) == "complaints.not_allowed"
    resolve(api, filed["number"])
    for _ in range(2):
        answer = api.post(where, key=filed["key"], idempotency_key="confirm-1")
        assert (answer.status_code, answer.json()["standing"]) == (200, "fixed")


def test_withdrawing_ends_it(api: Api) -> None:
    filed = api.file()
    assert api.post(f"/{filed['number']}/withdraw", {}, key=filed["key"]).json()["state"] == "withdrawn"
    again = api.post(f"/{filed['number']}/withdraw", key=filed["key"])
    assert (again.status_code, code(again)) == (409, "complaints.not_allowed")


def test_no_reopens_it_and_yes_leads_to_a_mark(api: Api) -> None:
    filed = api.file()
    number, key = filed["number"], filed["key"]
    resolve(api, number)
    assert api.get(f"/{number}").json()["standing"] == "said_done"
    assert code(api.post(f"/{number}/rating", {"stars": 5}, key=key)) == "complaints.not_allowed"
    assert code(api.post(f"/{number}/reopen", {"reason": " "}, key=key)) == "complaints.needs_reason"
    assert api.post(f"/{number}/confirm", key=key).json()["standing"] == "fixed"
    assert api.post(f"/{number}/rating", {"stars": 2, "words": "ช้า"}, key=key).json() == {
        "number": number, "stars": 2,
    }  # fmt: skip
    for stars in (0, 6, "5", True, 2.5):
        assert api.post(f"/{number}/rating", {"stars": stars}, key=key).status_code == 422, stars
    assert api.post(f"/{number}/reopen", {"reason": "ยังดับ"}, key=key).json()["state"] == "reopened"


def test_no_body_takes_more_than_it_says(api: Api) -> None:
    filed = api.file()
    before = vars(api.stored(filed["number"])).copy()
    extras = {"state": "confirmed", "version": 5, "by": "officer", "owner_id": 1, "approved_by": "x"}
    for act, body in (
        ("comments", {"text": "x"}), ("withdraw", {}), ("confirm", {}), ("reopen", {"reason": "x"}),
        ("rating", {"stars": 5}),
    ):  # fmt: skip
        for name, value in extras.items():
            answer = api.post(f"/{filed['number']}/{act}", body | {name: value}, key=filed["key"])
            assert answer.status_code == 422, (act, name)
    after = vars(api.stored(filed["number"]))
    assert {k: v for k, v in after.items() if k[0] != "_"} == {k: v for k, v in before.items() if k[0] != "_"}
    assert count(api, ComplaintComment) == 0


def test_the_categories_are_those_that_are_offered(api: Api) -> None:
    items = api.get("/categories").json()["items"]
    assert {"name": "ไฟฟ้าแสงสว่าง", "department": "กองช่าง", "working_days": 5, "needs_photo": True} in items


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    answer = api.post("", {"text": "ก" * 200_000}, idempotency_key="request-1")
    assert answer.status_code == 413


def test_only_staff_and_partners_file_under_other_sources() -> None:
    assert Source.API in filing.BY_STAFF
    assert Source.WEB not in filing.BY_STAFF


def test_a_guess_is_counted_though_its_own_transaction_is_rolled_back(
    own_database: Database, classifier: ComplaintClassifier
) -> None:
    """With real commits: on SQLite the two transactions would else wait for each other."""
    api = open_api(own_database, classifier)
    filed = api.file(LAMP)
    where = f"/{filed['number']}/comments"
    statuses = [api.post(where, {"text": "x"}, key="WRONGWRONG").status_code for _ in range(11)]
    assert statuses == [404] * 10 + [429]
    assert api.post(where, {"text": "x"}, key=filed["key"], at="203.0.113.8").status_code == 201

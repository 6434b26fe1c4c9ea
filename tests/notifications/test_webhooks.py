"""What partners hear of complaints: how they stand, and nothing about people."""

import json
from dataclasses import replace

from eservice.complaints import filing, residents, service
from eservice.complaints.states import ComplaintState
from eservice.kit.signals import Signals
from eservice.notifications.relay import Relay
from tests.complaints.desk import LIGHT, Desk
from tests.notifications.test_complaints import TEXTS, relay_all
from tests.webhooks.partner import messages, subscribe

SECRETS = replace(
    LIGHT, text="ไฟหน้าบ้านป้าแดงดับ", reporter_name="แดง ใจดี", address="12 หมู่ 3", village="บ้านหนองบัว",
    latitude=15.1234567, longitude=100.7654321,
)  # fmt: skip


def test_every_change_is_told_in_order_and_says_nothing_about_people(desk: Desk) -> None:
    subscribe(desk.database, "http://localhost:1/a")
    filed = desk.file(SECRETS)
    relay_all(desk)
    with desk.database.unit_of_work() as uow:
        service.change_state(
            uow, filed.complaint_id, ComplaintState.NEEDS_INFORMATION, by=desk.somsri,
            seen_version=desk.version(filed), note="ป้าแดงคะ เสาต้นไหน",
        )  # fmt: skip
        residents.say(uow, filed.number, desk.owner, "ต้นหน้าบ้านฉัน โทร 081-234-5678")
        service.say(uow, filed.complaint_id, "ผู้แจ้งเคยโวยวาย", by=desk.somsri, to_resident=False)
        filing.join(uow, filed.number, desk.dam, words="บ้านฉันก็มืด")
    relay_all(desk)
    bodies = [message.body for message in reversed(messages(desk.database))]
    told = [json.loads(body) for body in bodies]
    assert [(one["type"], one["data"]["state"], one["data"]["by"]) for one in told] == [
        ("case.filed", "received", "resident"),
        ("case.changed", "assigned", "system"),
        ("case.changed", "needs_information", "officer"),
        ("case.commented", "assigned", "resident"),
        ("case.changed", "assigned", "resident"),
        ("case.commented", "assigned", "resident"),
    ]
    assert told[0]["data"] | {"due_at": "", "answer_due_at": "", "filed_at": "", "changed_at": ""} == {
        "number": filed.number, "state": "received", "category": LIGHT.category, "department": None,
        "by": "resident", "continues_as": None, "filed_at": "", "changed_at": "", "due_at": "", "answer_due_at": "",
    }  # fmt: skip
    assert told[1]["data"]["department"] == "กองช่าง"
    assert told[0]["data"]["filed_at"] == "2026-11-20T12:00:00+07:00"
    said = (
        SECRETS.text, "แดง", "หมู่ 3", "หนองบัว", "15.12", "100.76", "เสาต้นไหน", "081-234", "โวยวาย", "somsri",
        "บ้านฉัน", "Somsri", filed.key or "-",
    )  # fmt: skip
    assert [word for word in said if word in "".join(bodies)] == []


def test_news_and_its_cause_are_one_transaction(desk: Desk) -> None:
    subscribe(desk.database, "http://localhost:1/a")
    desk.file()
    relay = Relay(desk.database, Signals(desk.database), TEXTS)
    assert relay.process_next()
    assert relay.process_next()
    assert not relay.process_next()
    keys = [message.event_key for message in messages(desk.database)]
    assert len(keys) == len(set(keys)) == 2

"""Messages to partners: signed, tried again for a day, never lost with a killed process, never to our own network."""

import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import web
from sqlalchemy import select

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.webhooks import client, deliveries, subscriptions
from eservice.webhooks.models import WebhookDelivery, WebhookKind, WebhookState
from tests.complaints.desk import refused
from tests.conftest import NOON
from tests.webhooks.partner import happens, listening, messages, send_due, sender_of, subscribe


def test_a_message_arrives_once_with_a_signature_that_the_partner_can_check(database: Database) -> None:
    with listening() as partner:
        secret = subscribe(database, partner.url)
        happens(database, "event:1")
        assert send_due(database) == 1
        assert send_due(database) == 0
    (heard,) = partner.heard
    assert heard.path == "/hook"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert heard.is_signed_with(secret)
    assert json.loads(heard.body) == {
        "type": "case.changed", "timestamp": "2026-11-20T12:00:00+07:00", "data": {"number": "K7RM4WQD"},
    }  # fmt: skip
    (message,) = messages(database)
    assert (message.state, message.response_code, message.attempts) == (WebhookState.DELIVERED, 204, 1)
    assert message.key == heard.id


def test_a_partner_hears_only_the_kinds_it_asked_for_and_each_thing_once(database: Database) -> None:
    subscribe(database, "http://localhost:1/a", WebhookKind.CASE_FILED)
    subscribe(database, "http://localhost:1/b", name="ministry")
    assert happens(database, "event:1", WebhookKind.CASE_FILED) == 2
    assert happens(database, "event:2", WebhookKind.CASE_COMMENTED) == 1
    assert [message.kind for message in messages(database)] == [WebhookKind.CASE_FILED]


def test_what_fails_is_tried_again_under_the_same_id_until_it_arrives(
    database: Database, clock: FixedClock
) -> None:
    with listening() as partner:
        secret = subscribe(database, partner.url)
        partner.answers = [web.Response(status=500), web.Response(status=404)]
        happens(database, "event:1")
        assert send_due(database) == 1
        for pause in deliveries.PAUSES[:2]:
            clock.advance(seconds=pause.total_seconds() - 1)
            assert send_due(database) == 0
            clock.advance(seconds=1)
            assert send_due(database) == 1
    assert len({heard.id for heard in partner.heard}) == 1
    assert len({heard.body for heard in partner.heard}) == 1
    assert all(heard.is_signed_with(secret) for heard in partner.heard)
    assert len({heard.headers["webhook-timestamp"] for heard in partner.heard}) == 3
    (message,) = messages(database)
    assert message.state is WebhookState.DELIVERED
    assert [(tried["code"], tried["reason"]) for tried in message.log] == [
        (500, "answered 500"), (404, "answered 404"), (204, ""),
    ]  # fmt: skip


def test_after_about_a_day_it_is_given_up_visibly_and_can_be_sent_again(
    database: Database, clock: FixedClock
) -> None:
    with listening() as partner:
        subscribe(database, partner.url)
        happens(database, "event:1")
        partner.answers = [web.Response(status=503) for _ in range(deliveries.MAX_ATTEMPTS)]
        begun = clock.now()
        calls = send_due(database)
        for pause in deliveries.PAUSES:
            clock.advance(seconds=pause.total_seconds())
            calls += send_due(database)
        assert calls == deliveries.MAX_ATTEMPTS
        assert timedelta(hours=20) < clock.now() - begun < timedelta(hours=28)
        (message,) = messages(database)
        assert message.state is WebhookState.GIVEN_UP
        assert message.settled_at == clock.now()
        clock.advance(days=2)
        assert send_due(database) == 0
        with database.unit_of_work() as uow:
            assert deliveries.count_given_up(uow, message.subscription_id) == 1
            assert deliveries.send_again(uow, message.key)
            assert not deliveries.send_again(uow, message.key)
        assert send_due(database) == 1
    assert {heard.id for heard in partner.heard} == {message.key}
    assert messages(database)[0].state is WebhookState.DELIVERED


def test_a_partner_that_asks_for_time_gets_it_within_bounds(database: Database, clock: FixedClock) -> None:
    with listening() as partner:
        subscribe(database, partner.url)
        happens(database, "event:1")
        partner.answers = [
            web.Response(status=429, headers={"Retry-After": "600"}),
            web.Response(status=503, headers={"Retry-After": "99999999"}),
        ]
        send_due(database)
        assert messages(database)[0].due_at == clock.now() + timedelta(minutes=10)
        clock.advance(minutes=10)
        send_due(database)
        assert messages(database)[0].due_at == clock.now() + client.LONGEST_ASKED_WAIT


def test_gone_ends_it_and_a_redirect_is_not_followed(database: Database) -> None:
    with listening() as partner:
        subscribe(database, partner.url)
        happens(database, "event:1")
        happens(database, "event:2")
        partner.answers = [
            web.Response(status=410),
            web.Response(status=307, headers={"Location": f"{partner.url}/elsewhere"}),
        ]
        send_due(database)
    assert [heard.path for heard in partner.heard] == ["/hook", "/hook"]
    second, first = messages(database)
    assert first.state is WebhookState.GIVEN_UP
    assert second.state is WebhookState.QUEUED
    assert second.log[-1]["reason"] == "redirects are not followed"


def test_an_attempt_whose_process_was_killed_is_made_again_under_the_same_id(
    database: Database, clock: FixedClock
) -> None:
    with listening() as partner:
        subscribe(database, partner.url)
        happens(database, "event:1")
        (job,) = sender_of(database).claim()
        asyncio.run(_call_only(job))  # it arrived, and then the process was killed
        assert send_due(database) == 0
        clock.advance(seconds=deliveries.LEASE.total_seconds())
        assert send_due(database) == 1
        with database.unit_of_work() as uow:  # the killed one comes to after all
            deliveries.failed(uow, job, code=None, reason="late")
    assert [heard.id for heard in partner.heard] == [job.key, job.key]
    (message,) = messages(database)
    assert (message.state, message.attempts) == (WebhookState.DELIVERED, 2)
    assert [tried["reason"] for tried in message.log] == [deliveries.NO_OUTCOME, ""]


def test_who_kills_us_each_time_is_given_up_too(database: Database, clock: FixedClock) -> None:
    subscribe(database, "http://localhost:1/a")
    happens(database, "event:1")
    for _ in range(deliveries.MAX_ATTEMPTS):
        assert len(sender_of(database).claim()) == 1
        clock.advance(seconds=deliveries.LEASE.total_seconds())
    assert sender_of(database).claim() == []
    assert messages(database)[0].state is WebhookState.GIVEN_UP


def test_a_partner_gets_one_message_at_a_time_and_holds_up_nobody_else(database: Database) -> None:
    subscribe(database, "http://localhost:1/a")
    subscribe(database, "http://localhost:1/b", name="ministry")
    for number in range(3):
        happens(database, f"event:{number}")
    sender = sender_of(database)
    jobs = sender.claim()
    assert sorted(job.url for job in jobs) == ["http://localhost:1/a", "http://localhost:1/b"]
    assert sender.claim() == []
    with database.unit_of_work() as uow:
        deliveries.delivered(uow, jobs[0], 200)
    assert [job.url for job in sender.claim()] == [jobs[0].url]


def test_no_message_goes_into_our_own_network(database: Database) -> None:
    with listening() as partner:
        subscribe(database, partner.url)
        happens(database, "event:1")
        assert send_due(database, is_local=False) == 1
    assert partner.heard == []
    assert messages(database)[0].log[-1]["reason"] == "the address is not on the public internet"


def test_an_address_where_nobody_listens_is_tried_again(database: Database) -> None:
    subscribe(database, "http://127.0.0.1:9/hook")
    happens(database, "event:1")
    assert send_due(database) == 1
    (message,) = messages(database)
    assert message.state is WebhookState.QUEUED
    assert message.log[-1]["reason"].startswith("no connection")


async def test_a_partner_that_never_answers_is_left(database: Database) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await client.post(f"http://127.0.0.1:{port}/", "{}", {}, is_local=True, seconds=0.1)
    assert outcome.code is None
    assert outcome.reason.startswith("no answer")


def test_removing_a_partner_ends_what_is_on_its_way_and_keeps_the_log(database: Database) -> None:
    subscribe(database, "http://localhost:1/a")
    happens(database, "event:1")
    with database.unit_of_work() as uow:
        subscriptions.remove(uow, "province")
        with refused("webhooks.not_found"):
            subscriptions.remove(uow, "province")
    assert happens(database, "event:2") == 0
    assert send_due(database) == 0
    (message,) = messages(database)
    assert (message.state, message.log[-1]["reason"]) == (WebhookState.GIVEN_UP, deliveries.REMOVED)
    with database.unit_of_work() as uow:
        assert not deliveries.send_again(uow, message.key)


def test_a_partner_that_comes_back_gets_a_new_secret_and_no_old_news(
    database: Database, clock: FixedClock
) -> None:
    first = subscribe(database, "http://localhost:1/a")
    happens(database, "event:1")
    with pytest.raises(Exception, match=r"webhooks\.name_taken"):
        subscribe(database, "http://localhost:1/a")
    with database.unit_of_work() as uow:
        subscriptions.remove(uow, "province")
    clock.advance(hours=1)
    assert subscribe(database, "http://localhost:1/b") != first
    (message,) = messages(database)
    with database.unit_of_work() as uow:
        assert not deliveries.send_again(uow, message.key)


def test_the_log_is_forgotten_after_its_time_and_what_is_to_be_sent_is_not(
    database: Database, clock: FixedClock
) -> None:
    with listening() as partner:
        subscribe(database, partner.url)
        happens(database, "event:1")
        send_due(database)
    happens(database, "event:2")
    clock.advance(seconds=deliveries.KEPT.total_seconds() + 1)
    with database.unit_of_work() as uow:
        deliveries.forget_settled(uow)
        kept = uow.session.scalars(select(WebhookDelivery.event_key)).all()
    assert kept == ["event:2"]


async def _call_only(job: deliveries.WebhookJob) -> None:
    await client.post(job.url, job.body, {"webhook-id": job.key}, is_local=True)

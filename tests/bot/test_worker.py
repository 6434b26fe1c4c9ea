"""The worker's rest: until the next delivery is due, and no longer."""

import asyncio

import pytest

from bot.channel import Accepted, Doubt, Outcome, TryAgain
from bot.worker import LOOK_SECONDS, Worker
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.text import Catalogue
from eservice.messaging import deliveries
from eservice.notifications.relay import Relay
from eservice.webhooks.models import WebhookState
from eservice.webhooks.sender import WebhookSender
from tests.chat import TEXTS, Village
from tests.conftest import NOON
from tests.source import ROOT
from tests.webhooks.partner import happens, listening, messages, subscribe

SERVICE_TEXTS = Catalogue(ROOT / "eservice/text")
LOST = TryAgain(reason="read timed out", doubt=Doubt.MAYBE_SENT, after_seconds=0.75)


def worker_of(village: Village) -> Worker:
    return Worker(
        database=village.database,
        signals=village.signals,
        intake=village.intake,
        sender=village.sender,
        texts=TEXTS,
        relay=Relay(village.database, village.signals, SERVICE_TEXTS),
        webhooks=WebhookSender(village.database, village.signals, lambda: "key", is_local=True),
        count_event=lambda outcome: None,
    )


def test_a_worker_rests_until_the_retry_is_due(village: Village) -> None:
    worker = worker_of(village)
    assert worker.claim() == ([], LOOK_SECONDS)
    somchai = village.resident()
    village.line.outcomes = [LOST]
    somchai.says("เมนู")
    assert worker.claim() == ([], pytest.approx(0.75))
    village.clock.advance(seconds=0.75)
    jobs, _ = worker.claim()
    assert [job.attempt for job in jobs] == [2]


@pytest.mark.parametrize(("outcome", "woken"), [(LOST, True), (Accepted(), False)])
def test_only_what_is_to_be_sent_again_wakes_the_senders(
    village: Village, outcome: Outcome, woken: bool
) -> None:
    somchai = village.resident()
    village.receive([])
    somchai._line("message", message={"id": "1", "type": "text", "text": "เมนู"})
    processed = village.intake.process_next()
    assert processed is not None
    village.line.outcomes = [outcome]

    async def send() -> bool:
        with village.signals.waiting(deliveries.TOPIC) as waiter:
            await village.sender.send(processed.jobs[0])
            return await waiter.wait(0.1)

    assert asyncio.run(send()) is woken


async def test_a_worker_sends_partners_their_news(own_database: Database) -> None:
    worker = worker_of(Village(own_database, FixedClock(NOON)))
    with listening() as partner:
        subscribe(own_database, partner.url)
        happens(own_database, "event:1")
        happens(own_database, "event:2")
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            while len(partner.heard) < 2:
                await asyncio.sleep(0.05)
        worker.stop()
        await running
    assert {message.state for message in messages(own_database)} == {WebhookState.DELIVERED}

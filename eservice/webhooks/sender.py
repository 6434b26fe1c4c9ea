"""Sending webhooks: one recorded attempt is carried out and its outcome recorded. No transaction spans the call."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from eservice.kit.database import Database
from eservice.kit.signals import Signals
from eservice.webhooks import deliveries
from eservice.webhooks.deliveries import TOPIC, WebhookJob
from eservice.webhooks.signing import headers_of, secret_of

if TYPE_CHECKING:
    from eservice.webhooks.client import WebhookOutcome

GONE = 410  # the partner wants no more of it

log = structlog.get_logger()


class WebhookSender:
    """Sends for one process. `is_local`: APP_ENV=local, where partners may be on this machine.

    `signing_key` gives SECRET_KEY; it is asked for when there is something to sign.
    """

    def __init__(
        self, database: Database, signals: Signals, signing_key: Callable[[], str], *, is_local: bool
    ) -> None:
        self._database = database
        self._signals = signals
        self._signing_key = signing_key
        self._is_local = is_local

    def claim(self) -> list[WebhookJob]:
        """What is to be sent now."""
        with self._database.read() as reader:
            if not deliveries.anything_due(reader):
                return []
        with self._database.unit_of_work() as uow:
            return deliveries.claim_due(uow)

    async def send(self, job: WebhookJob) -> None:
        """Makes the call of an attempt that is already recorded, then records what came of it."""
        from eservice.webhooks import client  # an office without partners never loads the HTTP client

        try:
            secret = secret_of(self._signing_key(), job.salt)
            headers = headers_of(secret, key=job.key, at=self._database.clock.now(), body=job.body)
            outcome = await client.post(job.url, job.body, headers, is_local=self._is_local)
        except Exception as error:  # our own fault: the log shows it, it is tried again, and others go on
            log.error("webhook.broken", key=job.key, error=type(error).__name__, exc_info=error)
            outcome = client.WebhookOutcome(code=None, reason=f"{type(error).__name__} while sending")
        try:
            await asyncio.to_thread(self._settle, job, outcome)
        except SQLAlchemyError as error:
            log.error("webhook.outcome_not_recorded", error=type(error).__name__)  # its lease will run out

    def _settle(self, job: WebhookJob, outcome: "WebhookOutcome") -> None:
        with self._database.unit_of_work() as uow:
            if outcome.code is not None and not outcome.reason:
                deliveries.delivered(uow, job, outcome.code)
            else:
                deliveries.failed(
                    uow,
                    job,
                    code=outcome.code,
                    reason=outcome.reason,
                    is_final=outcome.code == GONE,
                    not_before=outcome.asked_wait,
                )
            self._signals.notify(uow, TOPIC)  # the next message to the same partner may go

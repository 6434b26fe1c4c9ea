"""Outgoing webhooks on the command line: adding, listing and removing addresses, reading the log."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from eservice.kit import audit
from eservice.kit.database import Database
from eservice.kit.errors import not_found
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.thai_calendar import local
from eservice.staff.accounts import CLI
from eservice.webhooks import deliveries, subscriptions
from eservice.webhooks.models import WebhookDelivery, WebhookKind
from eservice.webhooks.signing import secret_of, shown_secret

TEXTS = Catalogue(Path(__file__).parents[1] / "text")


def add(
    database: Database, settings: Settings, name: str, url: str, kinds: Collection[WebhookKind] | None
) -> None:
    """`webhooks add`: prints the secret. Raises ServiceError as `subscriptions.add` does."""
    with database.unit_of_work() as uow:
        added = subscriptions.add(
            uow, name, url, kinds or tuple(WebhookKind), is_local=settings.app_env == "local"
        )
        secret = shown_secret(secret_of(settings.signing_key, added.salt))
        plain = added.name
    print(TEXTS.both("webhook_commands.added", name=plain))
    print(secret)


def remove(database: Database, name: str) -> None:
    """`webhooks remove`. Raises ServiceError `webhooks.not_found`."""
    with database.unit_of_work() as uow:
        subscriptions.remove(uow, name)
    print(TEXTS.both("webhook_commands.removed", name=name.strip().lower()))


def show(database: Database) -> None:
    """`webhooks list`: one line for each address, never its secret."""
    with database.read() as reader:
        for found in subscriptions.all_subscriptions(reader):
            key = "webhook_commands.row" if found.is_active else "webhook_commands.removed_row"
            lost = deliveries.count_given_up(reader, found.id)
            print(TEXTS.both(key, name=found.name, url=found.url, kinds=", ".join(found.kinds), lost=lost))


def show_log(database: Database, name: str) -> None:
    """`webhooks log`: the newest messages of a partner. Raises ServiceError `webhooks.not_found`."""
    with database.read() as reader:
        for delivery in deliveries.read_log(reader, subscriptions.named(reader, name).id):
            print(_line(delivery))


def send_again(database: Database, key: str) -> None:
    """`webhooks resend`: tries a message again that was given up. Raises ServiceError `webhooks.not_found`."""
    with database.unit_of_work() as uow:
        if not deliveries.send_again(uow, key.strip()):
            raise not_found("webhooks.not_found")
        audit.record(
            uow, actor=CLI, action="webhook.resent", subject_kind="webhook", subject_id=key.strip()[:100]
        )
    print(TEXTS.both("webhook_commands.queued", message=key.strip()))


def _line(delivery: WebhookDelivery) -> str:
    """One message in one line, as programs too can cut it up."""
    last = delivery.log[-1] if delivery.log else None
    return "\t".join(
        (
            delivery.key,
            _time(delivery.created_at),
            delivery.kind.value,
            delivery.state.value,
            str(delivery.attempts),
            str(delivery.response_code or "-"),
            (last["reason"] if last else "") or "-",
            _time(delivery.due_at) if delivery.settled_at is None else "-",
        )
    )


def _time(instant: datetime) -> str:
    return local(instant).isoformat(timespec="seconds")

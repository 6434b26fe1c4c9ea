"""Partners on the command line: their tokens, and the addresses that hear of cases."""

from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.kit.audit import AuditRecord
from eservice.kit.database import Database
from eservice.staff import tokens
from eservice.staff.models import Department
from eservice.webhooks import deliveries, subscriptions
from eservice.webhooks.models import OFFERED, WebhookKind
from tests.commands import Run, data_dir, run
from tests.migrated import default_database

__all__ = ["data_dir", "run"]


@pytest.fixture
def stored(data_dir: Path) -> Database:
    """The default database, migrated, with one department."""
    database = default_database(data_dir)
    with database.unit_of_work() as uow:
        uow.session.add(Department(name="กองช่าง", position=0))
    return database


def test_a_token_is_shown_once_listed_without_it_renewed_and_revoked(run: Run, stored: Database) -> None:
    made = run(
        "api-token", "create", "Traffy", "--role", "responder", "--department", "กองช่าง", "--days", "90"
    )
    assert made.code == 0, made.err
    token = made.out.splitlines()[-1]
    with stored.read() as reader:
        found = tokens.find(reader, token)
        assert found is not None and found.principal.username == "api:traffy"
        audited = select(AuditRecord.actor).where(AuditRecord.action == "api_token.created")
        assert reader.session.scalars(audited).all() == ["cli"]
    listed = run("api-token", "list").out
    assert "traffy: responder (กองช่าง)" in listed
    assert token not in listed
    renewed = run("api-token", "renew", "traffy", "--days", "30").out.splitlines()[-1]
    with stored.read() as reader:
        assert tokens.find(reader, token) is None
        assert tokens.find(reader, renewed) is not None
    assert run("api-token", "revoke", "traffy").code == 0
    with stored.read() as reader:
        assert tokens.find(reader, renewed) is None
    assert "revoked" in run("api-token", "list").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "x", "--role", "responder", "--days", "1"), "3–40"),
        (("create", "traffy", "--role", "responder", "--days", "9999"), "730"),
        (
            ("create", "traffy", "--role", "responder", "--days", "1", "--department", "กองลับ"),
            "No such department",
        ),
        (("revoke", "traffy"), "No system"),
        (("renew", "traffy", "--days", "1"), "No system"),
    ],
)
def test_a_token_command_says_what_is_wrong(
    run: Run, stored: Database, words: tuple[str, ...], told: str
) -> None:
    assert told in run("api-token", *words).complaint


def test_an_office_role_is_wrong_usage(run: Run, stored: Database) -> None:
    assert run("api-token", "create", "traffy", "--role", "administrator", "--days", "1").code == 2


def test_webhooks_are_added_listed_read_and_removed(run: Run, stored: Database) -> None:
    made = run("webhooks", "add", "province", "https://example.go.th/hook", "--kind", "case.filed")
    assert made.code == 0, made.err
    secret = made.out.splitlines()[-1]
    assert secret.startswith("whsec_")
    listed = run("webhooks", "list").out
    assert "province: https://example.go.th/hook" in listed and "case.filed" in listed
    assert secret not in listed
    with stored.unit_of_work() as uow:
        deliveries.enqueue(uow, WebhookKind.CASE_FILED, {}, event_key="event:1", at=uow.now)
    (line,) = run("webhooks", "log", "province").out.splitlines()
    key = line.split("\t")[0]
    assert line.split("\t")[2:5] == ["case.filed", "queued", "0"]
    assert "no such webhook" in run("webhooks", "resend", key).complaint  # it is still in the queue
    with stored.unit_of_work() as uow:
        deliveries.give_up_all(uow, subscriptions.named(uow, "province").id)
    assert run("webhooks", "resend", key).code == 0
    assert run("webhooks", "log", "province").out.split("\t")[3] == "queued"
    assert run("webhooks", "remove", "province").code == 0
    assert "removed" in run("webhooks", "list").out
    assert "no such webhook" in run("webhooks", "remove", "province").complaint


def test_an_office_without_kinds_in_mind_hears_all(run: Run, stored: Database) -> None:
    run("webhooks", "add", "province", "https://example.go.th/hook")
    with stored.read() as reader:
        assert set(subscriptions.named(reader, "province").kinds) == set(OFFERED)


def test_plain_http_is_refused(run: Run, stored: Database) -> None:
    assert "https://" in run("webhooks", "add", "province", "http://example.go.th/hook").complaint

"""Who hears of what: adding, listing and removing partners' addresses.

`by` is None on the command line, whose person has the machine itself.
"""

import re
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.accounts import CLI
from eservice.staff.permissions import Permission, Principal, require
from eservice.webhooks import deliveries
from eservice.webhooks.addresses import checked_url
from eservice.webhooks.models import OFFERED, WebhookKind, WebhookSubscription

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


def add(
    uow: UnitOfWork,
    name: str,
    url: str,
    kinds: Collection[WebhookKind],
    *,
    is_local: bool,
    by: Principal | None = None,
) -> WebhookSubscription:
    """A partner's address hears of these kinds from now on; a removed one of the same name is taken up anew.

    Raises ServiceError `staff.forbidden`, `webhooks.bad_name`, `webhooks.name_taken`, `webhooks.no_kind`,
    `webhooks.bad_url`.
    """
    actor = _actor(by)
    plain = name.strip().lower()
    if not NAME.fullmatch(plain):
        raise invalid("webhooks.bad_name", name="bad")
    if not kinds or not set(kinds) <= set(OFFERED):
        raise invalid("webhooks.no_kind", kinds="empty")
    address = checked_url(url, is_local=is_local)
    found = _of_name(uow, plain)
    if found is not None and found.is_active:
        raise ServiceError("webhooks.name_taken", ErrorKind.CONFLICT, fields={"name": "taken"})
    found = found or WebhookSubscription(name=plain)
    found.created_at = uow.now  # what was written for a former address never goes to this one
    found.url, found.kinds, found.is_active = address, sorted(kind.value for kind in set(kinds)), True
    found.salt, found.created_by, found.paused_at = secrets.token_hex(32), actor, None
    uow.session.add(found)
    audit.record(
        uow, actor=actor, action="webhook.added", subject_kind="webhook", subject_id=plain,
        after={"url": address, "kinds": found.kinds},
    )  # fmt: skip
    return found


def remove(uow: UnitOfWork, name: str, *, by: Principal | None = None) -> None:
    """Nothing goes there any more; what was on its way is given up, and the log stays.

    Raises ServiceError `staff.forbidden`, `webhooks.not_found`.
    """
    actor = _actor(by)
    found = _active(uow, name)
    found.is_active = False
    deliveries.give_up_all(uow, found.id)
    audit.record(uow, actor=actor, action="webhook.removed", subject_kind="webhook", subject_id=found.name)


def pause(uow: UnitOfWork, name: str, *, by: Principal | None = None) -> None:
    """Messages to the partner wait from now on; none is lost. Raises ServiceError as `remove` does."""
    actor, found = _actor(by), _active(uow, name)
    if found.paused_at is None:
        found.paused_at = uow.now
        audit.record(uow, actor=actor, action="webhook.paused", subject_kind="webhook", subject_id=found.name)


def resume(uow: UnitOfWork, name: str, *, by: Principal | None = None) -> None:
    """What waited goes out, and what comes after it. Raises ServiceError as `remove` does."""
    actor, found = _actor(by), _active(uow, name)
    if found.paused_at is not None:
        found.paused_at = None
        audit.record(
            uow, actor=actor, action="webhook.resumed", subject_kind="webhook", subject_id=found.name
        )


def send_test(uow: UnitOfWork, name: str, *, by: Principal | None = None) -> None:
    """A message that tells of nothing goes to the partner.

    Raises ServiceError as `remove` does, and `webhooks.is_paused`.
    """
    actor, found = _actor(by), _active(uow, name)
    if found.paused_at is not None:
        raise ServiceError("webhooks.is_paused", ErrorKind.CONFLICT)
    deliveries.enqueue_test(uow, found.id)
    audit.record(uow, actor=actor, action="webhook.tested", subject_kind="webhook", subject_id=found.name)


def send_again(uow: UnitOfWork, key: str, *, by: Principal | None = None) -> str:
    """A message that was given up goes out again; returns the partner's name.

    Raises ServiceError `staff.forbidden`, `webhooks.not_found` (also of a message that was not given up).
    """
    actor, name = _actor(by), deliveries.send_again(uow, key.strip())
    if name is None:
        raise not_found("webhooks.not_found")
    audit.record(
        uow, actor=actor, action="webhook.sent_again", subject_kind="webhook", subject_id=name,
        after={"message": key.strip()},
    )  # fmt: skip
    return name


def all_subscriptions(reader: ReadOnly, *, by: Principal | None = None) -> Sequence[WebhookSubscription]:
    """Every address by name, those that were removed too. Raises ServiceError `staff.forbidden`."""
    _actor(by)
    return reader.session.scalars(select(WebhookSubscription).order_by(WebhookSubscription.name)).all()


def named(reader: ReadOnly, name: str) -> WebhookSubscription:
    """The address of this name. Raises ServiceError `webhooks.not_found`."""
    found = _of_name(reader, name.strip().lower())
    if found is None:
        raise not_found("webhooks.not_found")
    return found


def _actor(by: Principal | None) -> str:
    if by is None:
        return CLI
    require(by, Permission.OFFICE_MANAGE)
    return by.username


def _active(uow: UnitOfWork, name: str) -> WebhookSubscription:
    found = _of_name(uow, name.strip().lower())
    if found is None or not found.is_active:
        raise not_found("webhooks.not_found")
    return found


def _of_name(reader: ReadOnly, name: str) -> WebhookSubscription | None:
    return reader.session.scalar(select(WebhookSubscription).where(WebhookSubscription.name == name))

"""Other systems: tokens with which they come in, and addresses to which news goes. Secrets are shown once."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import Console, console_of, guarded
from admin.pages import page, redirect, refilling, told_on
from admin.partner_pages import news_of, token_lines, webhook_lines
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import queries, tokens
from eservice.staff.models import Role
from eservice.staff.permissions import GRANTS, Grant, Permission, Principal
from eservice.webhooks import deliveries, subscriptions
from eservice.webhooks.models import OFFERED, WebhookKind
from eservice.webhooks.signing import secret_of, shown_secret

HOME = "/admin/partners"
LIFETIMES = (30, 90, 180, 365, 730)
"""The days that a token may be good for, as the form offers them."""
TOKEN_ROLES = tuple(role for role in Role if Permission.CASE_READ in GRANTS[role])

router = APIRouter(prefix="/partners")
TokenKeeper = Annotated[Principal, guarded(Permission.STAFF_MANAGE)]
NewsKeeper = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]


@router.get("")
def show(request: Request, reader: Reader, staff: NewsKeeper) -> Response:
    """Every token and every address, with how lately each was used."""
    console = console_of(request)
    return page(
        request,
        "partners/partners.html",
        tokens=token_lines(reader, console.texts),
        webhooks=webhook_lines(reader, console.texts),
        lifetimes=_lifetimes(console),
    )


@router.get("/new-token")
def show_new_token(request: Request, reader: Reader, staff: TokenKeeper) -> Response:
    """The empty form of a token."""
    form = {"name": "", "roles": [], "department": "", "days": "365"}
    return page(request, "partners/new_token.html", **_token_form(request, reader, form))


@router.post("/new-token")
def create_token(
    request: Request,
    uow: Uow,
    staff: TokenKeeper,
    name: Annotated[str, Form(max_length=200)] = "",
    roles: Annotated[list[str] | None, Form()] = None,
    department: Annotated[str, Form(max_length=20)] = "",
    days: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Makes a token and shows it, this once."""
    form = {"name": name, "roles": roles or [], "department": department, "days": days}
    with refilling(request, "partners/new_token.html", **_token_form(request, uow, form)):
        grants = _grants(roles or [], department)
        token = tokens.create_token(uow, name, grants, days=_days(days), by=staff)
    return _secret_page(request, "token", name, token)


@router.post("/tokens/{name}/renew")
def renew_token(
    request: Request,
    uow: Uow,
    staff: TokenKeeper,
    name: str,
    days: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """A new token in place of the old one, shown this once."""
    with told_on(request, HOME):
        token = tokens.renew_token(uow, name, days=_days(days), by=staff)
    return _secret_page(request, "token", name, token)


@router.post("/tokens/{name}/revoke")
def revoke_token(request: Request, uow: Uow, staff: TokenKeeper, name: str) -> Response:
    """The token opens nothing any more."""
    tokens.revoke_token(uow, name, by=staff)
    return redirect(request, HOME, flash="partners.revoked", name=name)


@router.get("/new-webhook")
def show_new_webhook(request: Request, staff: NewsKeeper) -> Response:
    """The empty form of an address."""
    form = {"name": "", "url": "", "kinds": [kind.value for kind in OFFERED]}
    return page(request, "partners/new_webhook.html", form=form, kinds=OFFERED)


@router.post("/new-webhook")
def add_webhook(
    request: Request,
    uow: Uow,
    staff: NewsKeeper,
    name: Annotated[str, Form(max_length=200)] = "",
    url: Annotated[str, Form(max_length=2_000)] = "",
    kinds: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """News goes to the address from now on; shows the secret that proves it, this once."""
    settings = console_of(request).settings
    form = {"name": name, "url": url, "kinds": kinds or []}
    with refilling(request, "partners/new_webhook.html", form=form, kinds=OFFERED):
        wanted = {kind for kind in WebhookKind if kind.value in form["kinds"]}
        added = subscriptions.add(uow, name, url, wanted, is_local=settings.app_env == "local", by=staff)
    secret = shown_secret(secret_of(settings.signing_key, added.salt))
    return _secret_page(request, "webhook", added.name, secret)


@router.get("/webhooks/{name}")
def show_webhook(request: Request, reader: Reader, staff: NewsKeeper, name: str) -> Response:
    """One address: what went there lately, and what came of it."""
    found = subscriptions.named(reader, name)
    return page(request, "partners/webhook.html", news=news_of(reader, console_of(request).texts, found))


@router.post("/webhooks/{name}/pause")
def pause_webhook(request: Request, uow: Uow, staff: NewsKeeper, name: str) -> Response:
    """News waits from now on."""
    subscriptions.pause(uow, name, by=staff)
    return redirect(request, _address(name), flash="partners.paused")


@router.post("/webhooks/{name}/resume")
def resume_webhook(request: Request, uow: Uow, staff: NewsKeeper, name: str) -> Response:
    """What waited goes out."""
    subscriptions.resume(uow, name, by=staff)
    request.app.state.signals.notify(uow, deliveries.TOPIC)
    return redirect(request, _address(name), flash="partners.resumed")


@router.post("/webhooks/{name}/test")
def test_webhook(request: Request, uow: Uow, staff: NewsKeeper, name: str) -> Response:
    """Sends a message that tells of nothing."""
    with told_on(request, _address(name)):
        subscriptions.send_test(uow, name, by=staff)
    request.app.state.signals.notify(uow, deliveries.TOPIC)
    return redirect(request, _address(name), flash="partners.tested")


@router.post("/webhooks/{name}/remove")
def remove_webhook(request: Request, uow: Uow, staff: NewsKeeper, name: str) -> Response:
    """Nothing goes there any more."""
    subscriptions.remove(uow, name, by=staff)
    return redirect(request, HOME, flash="partners.removed", name=name)


@router.post("/messages/{key}/send-again")
def send_again(request: Request, uow: Uow, staff: NewsKeeper, key: str) -> Response:
    """Tries a message again that was given up."""
    name = subscriptions.send_again(uow, key, by=staff)
    request.app.state.signals.notify(uow, deliveries.TOPIC)
    return redirect(request, _address(name), flash="partners.sent_again")


def _secret_page(request: Request, what: str, name: str, secret: str) -> Response:
    """The only page on which the secret is ever seen."""
    return page(request, "partners/secret.html", what=what, name=name.strip().lower(), secret=secret)


def _token_form(request: Request, reader: ReadOnly, form: dict[str, Any]) -> dict[str, Any]:
    return {
        "form": form,
        "roles": TOKEN_ROLES,
        "departments": [(str(id), name) for id, name in queries.department_names(reader).items()],
        "lifetimes": _lifetimes(console_of(request)),
    }


def _lifetimes(console: Console) -> list[tuple[str, str]]:
    return [(str(days), console.texts.get(f"partners.lifetime.{days}")) for days in LIFETIMES]


def _grants(roles: list[str], department: str) -> list[Grant]:
    """What the form says. Raises ServiceError `staff.bad_choice` for what it does not offer."""
    try:
        department_id = int(department) if department else None
        return [Grant(role=Role(role), department_id=department_id) for role in roles]
    except ValueError:
        raise invalid("staff.bad_choice", roles="unknown") from None


def _days(text: str) -> int:
    """The days of the form; what is no number is no lifetime that the service takes."""
    return int(text) if text.isascii() and text.isdigit() else 0


def _address(name: str) -> str:
    return f"{HOME}/webhooks/{name}"

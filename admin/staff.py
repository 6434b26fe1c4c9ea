"""The room of staff accounts: list, new, change, disable, sessions, one-time links, history."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import console_of, guarded
from admin.me import browsers
from admin.own_browser import browser_of, put_signed_in
from admin.pages import RowId, page, redirect, refilling
from eservice.kit import audit
from eservice.kit.audit import AuditRecord
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.http import Reader, Uow
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import accounts, queries, second_factor, sign_in
from eservice.staff.accounts import Profile
from eservice.staff.models import Position, Role, StaffAccount
from eservice.staff.permissions import OFFICE_ROLES, Grant, Permission, Principal

LIST = "/admin/staff"

router = APIRouter(prefix="/staff")
Manager = Annotated[Principal, guarded(Permission.STAFF_MANAGE)]


@router.get("")
def show_list(request: Request, reader: Reader, staff: Manager) -> Response:
    """Every account with its roles and state."""
    return page(
        request,
        "staff/list.html",
        rows=queries.all_accounts(reader),
        department_names=queries.department_names(reader),
    )


@router.get("/new")
def show_new(request: Request, reader: Reader, staff: Manager) -> Response:
    """The empty form of a new account."""
    return page(request, "staff/new.html", **_form(reader, "", None))


@router.post("/new")
def create(
    request: Request,
    uow: Uow,
    staff: Manager,
    username: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    department: Annotated[str, Form()] = "",
    position: Annotated[str, Form()] = "",
    roles: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Makes the account and shows its one-time link, this once."""
    typed = _Typed(display_name, department, position, roles or [])
    with refilling(request, "staff/new.html", **_form(uow, username, typed)):
        made = accounts.create_account(uow, username, typed.profile(), actor=staff.username)
    return _link_page(request, made.account, made.token)


@router.get("/{account_id}")
def show(request: Request, reader: Reader, staff: Manager, account_id: RowId) -> Response:
    """One account, to be changed."""
    account = queries.account_by_id(reader, account_id)
    context = _account_context(reader, account, _stored(reader, account))
    return page(request, "staff/account.html", **context)


@router.post("/{account_id}")
def change(
    request: Request,
    uow: Uow,
    staff: Manager,
    account_id: RowId,
    display_name: Annotated[str, Form()] = "",
    department: Annotated[str, Form()] = "",
    position: Annotated[str, Form()] = "",
    roles: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Changes name, department, position and roles."""
    account = queries.account_by_id(uow, account_id)
    typed = _Typed(display_name, department, position, roles or [])
    with refilling(request, "staff/account.html", **_account_context(uow, account, typed)):
        accounts.change_account(uow, account_id, typed.profile(), actor=staff.username)
    response = redirect(request, f"{LIST}/{account_id}", flash="staff.saved")
    if account_id == staff.account_id:  # with other rights, another session
        put_signed_in(console_of(request), response, sign_in.open_session(uow, account, browser_of(request)))
    return response


@router.post("/{account_id}/disable")
def disable(request: Request, uow: Uow, staff: Manager, account_id: RowId) -> Response:
    """Shuts the account; the person is signed out everywhere at once."""
    account = queries.account_by_id(uow, account_id)
    context = _account_context(uow, account, _stored(uow, account))
    with refilling(request, "staff/account.html", **context):
        accounts.disable_account(uow, account_id, actor=staff.username)
    return redirect(request, f"{LIST}/{account_id}", flash="staff.disabled", name=account.display_name)


@router.post("/{account_id}/enable")
def enable(request: Request, uow: Uow, staff: Manager, account_id: RowId) -> Response:
    """Opens a disabled account again."""
    accounts.enable_account(uow, account_id, actor=staff.username)
    return redirect(request, f"{LIST}/{account_id}", flash="staff.enabled")


@router.post("/{account_id}/link")
def issue_link(request: Request, uow: Uow, staff: Manager, account_id: RowId) -> Response:
    """Shows a new one-time link, for a first or a forgotten password."""
    account = queries.account_by_id(uow, account_id)
    token = accounts.issue_link(uow, account_id, actor=staff.username)
    return _link_page(request, account, token)


@router.post("/{account_id}/reset-second-factor")
def reset_second_factor(request: Request, uow: Uow, staff: Manager, account_id: RowId) -> Response:
    """Takes another person's second factor away, whose phone and codes are lost."""
    account = queries.account_by_id(uow, account_id)
    with refilling(request, "staff/account.html", **_account_context(uow, account, _stored(uow, account))):
        second_factor.reset(uow, account_id, actor=staff.username)
    return redirect(
        request, f"{LIST}/{account_id}", flash="staff.second_factor_reset", name=account.display_name
    )


@router.post("/{account_id}/sessions/end")
def end_sessions(request: Request, uow: Uow, staff: Manager, account_id: RowId) -> Response:
    """Signs the person out everywhere."""
    accounts.end_sessions(uow, account_id, actor=staff.username)
    return redirect(request, f"{LIST}/{account_id}", flash="staff.sessions_ended")


@router.post("/{account_id}/sessions/{session_id}/end")
def end_session(request: Request, uow: Uow, staff: Manager, account_id: RowId, session_id: RowId) -> Response:
    """Signs one browser of the person out."""
    accounts.end_sessions(uow, account_id, actor=staff.username, session_id=session_id)
    return redirect(request, f"{LIST}/{account_id}", flash="session_ended")


@router.get("/{account_id}/history")
def show_history(
    request: Request,
    reader: Reader,
    account_id: RowId,
    staff: Annotated[Principal, guarded(Permission.AUDIT_READ)],
) -> Response:
    """Who changed what of this account, and when."""
    account = queries.account_by_id(reader, account_id)
    names = queries.department_names(reader)
    texts = console_of(request).texts
    records = audit.history(reader, subject_kind="staff", subject_id=account_id)
    changes = [(record, list(_changes(texts, names, record))) for record in records]
    return page(request, "staff/history.html", account=account, changes=changes)


class _Typed:
    """The form as it was typed, or as it stands for an account."""

    def __init__(self, display_name: str, department: str, position: str, roles: Iterable[str]) -> None:
        self.display_name = display_name
        self.department = department
        self.position = position
        self.roles = list(roles)  # "role" office-wide, "role@12" in a department

    def profile(self) -> Profile:
        """What the form says. Raises ServiceError `staff.bad_choice` for what it does not offer."""
        try:
            return Profile(
                display_name=self.display_name,
                department_id=_id(self.department),
                position=Position(self.position) if self.position else None,
                grants=[_grant(choice) for choice in self.roles],
            )
        except ValueError:
            raise ServiceError("staff.bad_choice", ErrorKind.INVALID) from None


def _stored(reader: ReadOnly, account: StaffAccount) -> _Typed:
    return _Typed(
        account.display_name,
        str(account.department_id or ""),
        account.position.value if account.position else "",
        [_choice(grant) for grant in queries.grants_of(reader, account.id)],
    )


def _form(reader: ReadOnly, username: str, typed: _Typed | None) -> dict[str, Any]:
    """What both forms need: the choices, and what is chosen."""
    return {
        "username": username,
        "typed": typed or _Typed("", "", "", []),
        "departments": [(str(id), name) for id, name in queries.department_names(reader).items()],
        "positions": list(Position),
        "roles": [(role, role in OFFICE_ROLES) for role in Role],
    }


def _account_context(reader: ReadOnly, account: StaffAccount, typed: "_Typed") -> dict[str, Any]:
    """What the page of one account needs."""
    return {
        "account": account,
        "factor": second_factor.state_of(reader, account.id),
        "browsers": browsers(reader, account.id),
        **_form(reader, "", typed),
    }


def _link_page(request: Request, account: StaffAccount, token: str) -> Response:
    address = console_of(request).settings.public_url + accounts.link_path(token)
    return page(request, "staff/link.html", account=account, address=address)


def _choice(grant: Grant) -> str:
    return f"{grant.role.value}@{grant.department_id}" if grant.department_id else grant.role.value


def _grant(choice: str) -> Grant:
    role, _, department = choice.partition("@")
    return Grant(role=Role(role), department_id=_id(department))


def _id(text: str) -> int | None:
    return int(text) if text else None


def _changes(
    texts: Catalogue, departments: Mapping[int, str], record: AuditRecord
) -> Iterable[tuple[str, str, str]]:
    """Each changed fact as (what, before, after), in words."""
    before, after = record.before or {}, record.after or {}

    def words(name: str, value: Any) -> str:
        match name, value:
            case _, None | [] | "":
                return ""
            case "roles", list():
                return ", ".join(role_words(texts, departments, _grant(choice)) for choice in value)
            case "department", int():
                return departments.get(value, str(value))
            case "position", str():
                return texts.get(f"positions.{value}")
            case "disabled", bool():
                return texts.get("staff.disabled" if value else "staff.enabled")
            case _:
                return str(value)

    for name in sorted(before.keys() | after.keys()):
        old, new = words(name, before.get(name)), words(name, after.get(name))
        if old or new:
            yield texts.get(f"staff.field.{name}"), old, new


def role_words(texts: Catalogue, departments: Mapping[int, str], grant: Grant) -> str:
    """A role in words, with the department in which it is held."""
    name = texts.get(f"roles.{grant.role.value}")
    return name if grant.department_id is None else f"{name} ({departments.get(grant.department_id, '')})"

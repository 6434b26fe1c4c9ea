"""One's own second factor: setting it up with a phone, new recovery codes, doing without."""

from typing import Annotated, Any, assert_never
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import SECOND_FACTOR, SignedIn, console_of, needs_second_factor, visit_with
from admin.me import MY_PAGE
from admin.own_browser import browser_of, password_refusal, put_signed_in, second_factor_sealer, wait_refusal
from admin.pages import page, redirect, refilling
from eservice.kit.errors import ServiceError, invalid
from eservice.kit.http import Reader
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff import queries, second_factor, second_step, sign_in, totp
from eservice.staff.permissions import Principal
from eservice.staff.second_factor import Proposal

QR_PIXELS = 5  # of one module

router = APIRouter()


@router.get("/me/second-factor")
def show(request: Request, reader: Reader, staff: SignedIn) -> Response:
    """The picture for the phone and the field for its first code; or, set up already, what can be changed."""
    return page(request, "me/second_factor.html", **_context(request, reader, staff))


@router.post("/me/second-factor")
def enrol(
    request: Request,
    staff: SignedIn,
    proposal: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
) -> Response:
    """Sets it up and shows the recovery codes, this once."""
    console, sealer = console_of(request), second_factor_sealer(request)
    with console.database.read() as reader:
        try:
            brought = second_factor.proposed(sealer, staff.account_id, proposal, now=reader.now)
        except ServiceError:
            return redirect(request, SECOND_FACTOR, flash="enrolment_over")
        context = _context(request, reader, staff, brought)
    with refilling(request, "me/second_factor.html", **context):
        outcome = second_factor.enrol(
            console.database, sealer, staff.account_id, brought,
            code=code, password=current, browser=browser_of(request),
        )  # fmt: skip
        match outcome:
            case second_factor.Enrolled(signed_in=signed_in, codes=codes):
                visit_with(request, signed_in.token)
                response = page(request, "me/recovery_codes.html", codes=codes)
                put_signed_in(console, response, signed_in)
                return response
            case sign_in.WrongPassword() | sign_in.MustWait():
                raise password_refusal(outcome)
            case unknown:
                assert_never(unknown)


@router.post("/me/second-factor/codes")
def renew_codes(request: Request, staff: SignedIn, for_codes: Annotated[str, Form()] = "") -> Response:
    """Shows new recovery codes, this once; the old ones open nothing more."""
    console = console_of(request)
    with refilling(request, "me/second_factor.html", **_fresh(request, staff)):
        outcome = second_step.renew_codes(
            console.database, second_factor_sealer(request), staff.account_id, for_codes, browser_of(request)
        )
        match outcome:
            case list():
                return page(request, "me/recovery_codes.html", codes=outcome)
            case second_step.WrongCode():
                raise invalid("staff.wrong_code", for_codes="wrong")
            case sign_in.MustWait():
                raise wait_refusal(outcome)
            case unknown:
                assert_never(unknown)


@router.post("/me/second-factor/remove")
def remove(request: Request, staff: SignedIn, for_removal: Annotated[str, Form()] = "") -> Response:
    """Does without it from now on; who needs one is led to set it up anew, e.g. with another phone."""
    console = console_of(request)
    with refilling(request, "me/second_factor.html", **_fresh(request, staff)):
        outcome = second_step.remove(
            console.database,
            second_factor_sealer(request),
            staff.account_id,
            for_removal,
            browser_of(request),
        )
        match outcome:
            case sign_in.SignedIn():
                response = redirect(request, MY_PAGE, flash="second_factor_removed")
                put_signed_in(console, response, outcome)
                return response
            case second_step.WrongCode():
                raise invalid("staff.wrong_code", for_removal="wrong")
            case sign_in.MustWait():
                raise wait_refusal(outcome)
            case unknown:
                assert_never(unknown)


def _fresh(request: Request, staff: Principal) -> dict[str, Any]:
    with console_of(request).database.read() as reader:
        return _context(request, reader, staff)


def _context(
    request: Request, reader: ReadOnly, staff: Principal, proposal: Proposal | None = None
) -> dict[str, Any]:
    """What the page needs; without a proposal that a form brought back it makes a new one."""
    if proposal is None:
        proposal = second_factor.propose(second_factor_sealer(request), staff.account_id, now=reader.now)
    host = urlsplit(console_of(request).settings.public_url).hostname or ""
    address = totp.enrolment_address(proposal.seed, username=staff.username, issuer=host)
    return {
        "factor": second_factor.state_of(reader, staff.account_id),
        "is_required": needs_second_factor(console_of(request), staff),
        "has_password": queries.account_by_id(reader, staff.account_id).password_hash is not None,
        "proposal": proposal.sealed,
        "key": totp.in_groups(proposal.seed),
        "picture": segno.make(address, error="m", micro=False).svg_data_uri(scale=QR_PIXELS),
    }

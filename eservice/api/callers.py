"""Who calls the API: a resident who holds a case's key, a partner system with a token, or anybody at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Path, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from eservice.complaints import guesses
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError, invalid
from eservice.kit.http import Db, Uow, client_address, note_caller
from eservice.kit.idempotency import once
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff import tokens
from eservice.staff.permissions import Principal

_UNKNOWN_CASE = "complaints.not_found"  # a wrong number and a wrong key alike
PARTNER = "partner"  # the scheme's name in the API's document
_bearer = HTTPBearer(
    scheme_name=PARTNER, auto_error=False, description="a token of `python app.py api-token create`"
)

Number: TypeAlias = Annotated[
    str, Path(max_length=40, description="the case's number; small letters, blanks and hyphens do not matter")
]
CaseKey: TypeAlias = Annotated[
    str,
    Header(alias="X-Case-Key", max_length=40, description="the private key that filing gave; never in a URL"),
]
IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="sent again with the same request within a day, nothing is done twice and the first answer"
        " is given again; with another request it is refused",
    ),
]
IfMatch: TypeAlias = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=20,
        description="the ETag that the record had when it was read; or `version` in the body",
    ),
]


def _partner_or_nobody(
    request: Request,
    database: Db,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Principal | None:
    """The partner of a Bearer token; None without one. Raises ServiceError `http.unauthenticated`."""
    if credentials is None:
        if "authorization" in request.headers:
            raise ServiceError("http.unauthenticated", ErrorKind.UNAUTHENTICATED)
        return None
    with database.read() as reader:
        found = tokens.find(reader, credentials.credentials)
        if found is None:
            raise ServiceError("http.unauthenticated", ErrorKind.UNAUTHENTICATED)
        is_due = tokens.needs_touching(reader, found)
    note_caller(request, account=found.principal.username, account_id=found.principal.account_id)
    if is_due:
        with database.unit_of_work() as uow:
            tokens.touch(uow, found)
    return found.principal


MaybePartner: TypeAlias = Annotated[Principal | None, Depends(_partner_or_nobody)]


def _partner(found: MaybePartner) -> Principal:
    if found is None:
        raise ServiceError("http.unauthenticated", ErrorKind.UNAUTHENTICATED)
    return found


Partner: TypeAlias = Annotated[Principal, Depends(_partner)]


@contextmanager
def slowing_guesses(database: Database, source: str) -> Iterator[None]:
    """Lets a source wait that has tried too many numbers and keys, and counts what opens nothing."""
    with database.read() as reader:
        guesses.refuse_guesser(reader, source)
    try:
        yield
    except ServiceError as refusal:
        if refusal.code == _UNKNOWN_CASE:
            with database.unit_of_work() as uow:  # its own: that of the request is rolled back
                guesses.count_failure(uow, source)
        raise


def _resident_uow(request: Request, database: Db) -> Iterator[UnitOfWork]:
    with slowing_guesses(database, client_address(request)), database.unit_of_work() as uow:
        yield uow


def _resident_reader(request: Request, database: Db) -> Iterator[ReadOnly]:
    with slowing_guesses(database, client_address(request)), database.read() as reader:
        yield reader


def _either_uow(request: Request, database: Db, partner: MaybePartner) -> Iterator[UnitOfWork]:
    if partner is None:
        yield from _resident_uow(request, database)
    else:
        with database.unit_of_work() as uow:
            yield uow


ResidentUow: TypeAlias = Annotated[UnitOfWork, Depends(_resident_uow, scope="function")]
ResidentReader: TypeAlias = Annotated[ReadOnly, Depends(_resident_reader, scope="function")]
EitherUow: TypeAlias = Annotated[UnitOfWork, Depends(_either_uow, scope="function")]
"""A unit of work for whoever asks: guesses are counted unless a partner does."""


@dataclass(frozen=True, kw_only=True)
class OfficerCall:
    """One request of a partner about one case."""

    uow: UnitOfWork
    partner: Principal
    number: str
    route: str
    idempotency_key: str | None
    if_match: str | None

    def seen_version(self, in_body: int | None) -> int:
        """The version of the case that the partner has read. Raises ServiceError `cases.needs_version`."""
        in_header = _version_of(self.if_match) if self.if_match is not None else None
        if in_header is not None and in_body is not None and in_header != in_body:
            raise invalid("cases.needs_version", version="differs")
        version = in_body if in_header is None else in_header
        if version is None:
            raise invalid("cases.needs_version", version="missing")
        return version


def _officer_call(
    request: Request,
    partner: Partner,
    uow: Uow,
    number: Number,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> OfficerCall:
    return OfficerCall(
        uow=uow,
        partner=partner,
        number=number,
        route=f"{request.method} {request.url.path}",
        idempotency_key=idempotency_key,
        if_match=if_match,
    )


Officer: TypeAlias = Annotated[OfficerCall, Depends(_officer_call)]


def do_once(
    uow: UnitOfWork,
    do: Callable[[], BaseModel],
    *,
    caller: str,
    route: str,
    key: str | None,
    asked: str,
) -> dict[str, object]:
    """What `do` answers, as JSON; for a key that comes again what it answered the first time."""

    def answer() -> dict[str, object]:
        return do().model_dump(mode="json")

    if key is None:
        return answer()
    return once(uow, caller=caller, route=route, key=key, asked=asked, do=answer)


def all_of(body: BaseModel) -> str:
    """All that a body asks, to tell requests apart; also of one with half characters, which no JSON can say."""
    return repr(body.model_dump())


def _version_of(if_match: str) -> int:
    """The version of an ETag as we give it, `"3"`. Raises ServiceError `cases.needs_version` for any other."""
    plain = if_match.strip().removeprefix("W/").strip('"')
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise invalid("cases.needs_version", if_match="invalid")
    return int(plain)

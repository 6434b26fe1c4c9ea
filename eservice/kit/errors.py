"""Refusals: what a service says instead of doing. HTTP maps the kind to a status, chat the code to a text."""

from enum import StrEnum


class ErrorKind(StrEnum):
    """The class of a refusal."""

    INVALID = "invalid"  # 422
    NOT_FOUND = "not_found"  # 404: also for what the caller may not know of
    FORBIDDEN = "forbidden"  # 403
    UNAUTHENTICATED = "unauthenticated"  # 401
    CONFLICT = "conflict"  # 409
    TOO_MANY = "too_many"  # 429
    TOO_LARGE = "too_large"  # 413
    UNAVAILABLE = "unavailable"  # 503


class ServiceError(Exception):
    """A refusal with a stable `code` such as "faq.not_found"; its words are in `text/*.toml` under `errors`.

    `fields` maps a field's name to the code of what is wrong with it. `parameters` fill the text's
    placeholders. `retry_after_seconds` is set where waiting helps.
    """

    def __init__(
        self,
        code: str,
        kind: ErrorKind,
        *,
        fields: dict[str, str] | None = None,
        parameters: dict[str, str] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind
        self.fields = fields or {}
        self.parameters = parameters or {}
        self.retry_after_seconds = retry_after_seconds


def not_found(code: str) -> ServiceError:
    """A refusal for what is not there, or not for this caller."""
    return ServiceError(code, ErrorKind.NOT_FOUND)


def conflict(code: str) -> ServiceError:
    """A refusal because the thing changed meanwhile."""
    return ServiceError(code, ErrorKind.CONFLICT)


def invalid(code: str, /, **fields: str) -> ServiceError:
    """A refusal of input; each keyword names a field and the code of its fault."""
    return ServiceError(code, ErrorKind.INVALID, fields=fields)

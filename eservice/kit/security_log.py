"""The one line of the log that says that somebody was refused: `security.refused`, for whoever watches over it.

Requests are told by `eservice.kit.http.RequestLog`, which sees every answer; what has no answer of its own kind, as a
wrong password within a form, by the service that refuses. Ids, codes and patterns of routes only: no name, no address,
nothing that was typed.
"""

import structlog

log = structlog.get_logger()


def refused(reason: str, *, account_id: int | None = None, **about: str | int) -> None:
    """`reason` is the refusal's code, e.g. "staff.forbidden"; `account_id` whose, as far as that is known."""
    log.warning("security.refused", reason=reason, account_id=account_id, **about)

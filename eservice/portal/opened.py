"""What a browser has opened with a key or a link: remembered for half an hour, in a signed cookie.

A complaint as a rule. The cookie names it and never holds its key.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import Request
from fastapi.responses import Response
from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "track"
PATH = "/track"
KEPT = timedelta(minutes=30)


class OpenedComplaint:
    """Reads and writes the cookie. `signing_key` is asked for only when there is something to sign."""

    def __init__(
        self, signing_key: Callable[[], str], *, is_https: bool, cookie: str = COOKIE, path: str = PATH
    ) -> None:
        self._signing_key = signing_key
        self._is_https = is_https
        self._cookie = cookie
        self._path = path

    def number(self, request: Request, now: datetime) -> str | None:
        """The number of the complaint that this browser has opened, if it did so lately."""
        try:
            number, until = self._serializer().loads(request.cookies.get(self._cookie, ""))
        except (BadSignature, TypeError, ValueError):
            return None
        return number if until > now.timestamp() else None

    def remember(self, response: Response, number: str, now: datetime) -> None:
        """Keeps a complaint open from now on."""
        value = self._serializer().dumps([number, int((now + KEPT).timestamp())])
        response.set_cookie(
            self._cookie,
            value if isinstance(value, str) else value.decode(),
            max_age=int(KEPT.total_seconds()),
            path=self._path,
            httponly=True,
            samesite="lax",
            secure=self._is_https,
        )

    def forget(self, response: Response) -> None:
        """Closes it, for whoever comes to this machine next."""
        response.delete_cookie(
            self._cookie, path=self._path, httponly=True, samesite="lax", secure=self._is_https
        )

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._signing_key(),
            salt="opened-complaint" if self._cookie == COOKIE else f"opened-{self._cookie}",
        )

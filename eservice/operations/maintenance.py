"""The maintenance page: what residents and staff see while the office works on its machine.

A file in DATA_DIR switches it on, so that every process on the machine sees it at once and it outlives a
restart. Neither database nor templates are needed to say it. Platforms get 503 and come again by themselves.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import structlog
from jinja2 import Environment, StrictUndefined, Template
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eservice.kit import audit
from eservice.kit.clock import SystemClock
from eservice.kit.database import open_database
from eservice.kit.errors import conflict
from eservice.kit.http import problem
from eservice.kit.migrate import is_current
from eservice.kit.settings import Settings
from eservice.kit.text import LANGUAGES, Catalogue
from eservice.kit.thai_calendar import shown_in
from eservice.staff.accounts import CLI

FILE = "maintenance.json"
RETRY_AFTER_SECONDS = 120
MAX_UNTIL = 100  # characters
_HERE = Path(__file__).parent
_STYLE = (_HERE / "maintenance.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"
_STILL_SERVED = ("/healthz", "/readyz", "/metrics")
_FOR_PROGRAMS = ("/api/", "/webhooks/", "/open311/")
_TEXTS = Catalogue(_HERE / "text", _HERE.parent / "text")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """`until` is when it will be over, in the office's own words, e.g. "14.00 น."; may be empty.

    `since` is when it was switched on first, None where the file cannot be read.
    """

    until: str = ""
    since: datetime | None = None


def switch_on(data_dir: Path, until: str = "", *, now: datetime) -> None:
    """From now on everybody sees the maintenance page. Raises ServiceError `operations.long_until`.

    Done twice it says another time at which it will be over; it is on since the first.
    """
    if len(until) > MAX_UNTIL:
        raise conflict("operations.long_until")
    before = under_maintenance(data_dir)
    since = before.since if before is not None and before.since is not None else now
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = data_dir / f"{FILE}.new"
    says = {"until": until.strip(), "since": since.isoformat()}
    written.write_text(json.dumps(says, ensure_ascii=False), encoding="utf-8")
    written.replace(data_dir / FILE)


def switch_off(data_dir: Path) -> None:
    """Back to work."""
    (data_dir / FILE).unlink(missing_ok=True)


def under_maintenance(data_dir: Path) -> Maintenance | None:
    """What is on, or None. A file that cannot be read means that it is on: whoever wrote it wanted that."""
    try:
        content = (data_dir / FILE).read_text(encoding="utf-8")
        written_at = datetime.fromtimestamp((data_dir / FILE).stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    except OSError:
        return Maintenance()
    try:
        says = json.loads(content)
        since = datetime.fromisoformat(says["since"]).astimezone(UTC)
        return Maintenance(until=str(says["until"])[:MAX_UNTIL], since=since)
    except (ValueError, KeyError, TypeError):
        return Maintenance(since=written_at)


def page(maintenance: Maintenance) -> str:
    """The whole page, which needs no other file: a reverse proxy may show it while nothing runs."""
    words = {
        f"{key}_{language}": _TEXTS.get(f"maintenance.{key}", language)
        for key in ("title", "kept", "chat", "emergency", "again")
        for language in ("th", "en")
    }
    if maintenance.until:
        for language in ("th", "en"):
            words[f"again_{language}"] = _TEXTS.get("maintenance.until", language, until=maintenance.until)
    for language in LANGUAGES:
        time = shown_in(language, maintenance.since) if maintenance.since is not None else ""
        words[f"since_{language}"] = _TEXTS.get("maintenance.since", language, time=time) if time else ""
    return _page().render(words, style=_STYLE)


def command(settings: Settings, action: str, value: str) -> str:
    """`maintenance on|off|page`: does it and says what became of it. `value` is the time, or the file."""
    folder = settings.data_dir
    match action:
        case "on":
            switch_on(folder, value, now=SystemClock().now())
            return _told("on", is_recorded=_record(settings, "maintenance.on", {"until": value.strip()}))
        case "off":
            before = under_maintenance(folder)
            if before is None:
                return _TEXTS.both("maintenance.was_off")
            switch_off(folder)
            since = before.since.isoformat() if before.since is not None else ""
            return _told("off", is_recorded=_record(settings, "maintenance.off", {"since": since}))
        case _:
            Path(value).write_text(page(under_maintenance(folder) or Maintenance()), encoding="utf-8")
            return _TEXTS.both("maintenance.written", path=value)


def _told(what: str, *, is_recorded: bool) -> str:
    words = _TEXTS.both(f"maintenance.{what}")
    return words if is_recorded else f"{words}\n{_TEXTS.both('maintenance.not_recorded')}"


def _record(settings: Settings, action: str, after: dict[str, str]) -> bool:
    """Puts it on record if the database is there and as this program knows it: the page must not wait for that."""
    database = open_database(settings)
    try:
        if database.is_sqlite and not Path(database.url.database or "").is_file():
            return False
        if not is_current(database):
            return False
        with database.unit_of_work() as uow:
            audit.record(
                uow, actor=CLI, action=action, subject_kind="maintenance", subject_id="page", after=after
            )
        return True
    except SQLAlchemyError as error:
        log.warning("maintenance.not_recorded", action=action, error=type(error).__name__)
        return False
    finally:
        database.dispose()


class MaintenanceGate:
    """ASGI middleware: while maintenance is on, answers 503 to everything but health checks."""

    def __init__(self, app: ASGIApp, data_dir: Path) -> None:
        self._app = app
        self._data_dir = data_dir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A look at one file of the local disk takes microseconds.
        if (
            scope["type"] != "http"
            or scope["path"] in _STILL_SERVED
            or (maintenance := under_maintenance(self._data_dir)) is None
        ):
            await self._app(scope, receive, send)
            return
        await _answer(scope["path"], maintenance)(scope, receive, send)


def _answer(path: str, maintenance: Maintenance) -> Response:
    if path.startswith(_FOR_PROGRAMS):
        return problem(_TEXTS, 503, "operations.maintenance", retry_after_seconds=RETRY_AFTER_SECONDS)
    headers = {
        "Retry-After": str(RETRY_AFTER_SECONDS),
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page(maintenance), status_code=503, headers=headers)


@cache
def _page() -> Template:
    pages = Environment(autoescape=True, undefined=StrictUndefined)
    return pages.from_string((_HERE / "maintenance.html").read_text(encoding="utf-8"))

"""The maintenance page: what residents and staff see while the office works on its machine.

A file in DATA_DIR switches it on, so that every process on the machine sees it at once and it outlives a
restart. Neither database nor templates are needed to say it. Platforms get 503 and come again by themselves.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eservice.kit.errors import conflict
from eservice.kit.http import problem
from eservice.kit.text import Catalogue

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


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """`until` is when it will be over, in the office's own words, e.g. "14.00 น."; may be empty."""

    until: str = ""


def switch_on(data_dir: Path, until: str = "") -> None:
    """From now on everybody sees the maintenance page. Raises ServiceError `operations.long_until`."""
    if len(until) > MAX_UNTIL:
        raise conflict("operations.long_until")
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = data_dir / f"{FILE}.new"
    written.write_text(json.dumps({"until": until.strip()}, ensure_ascii=False), encoding="utf-8")
    written.replace(data_dir / FILE)


def switch_off(data_dir: Path) -> bool:
    """Back to work. Returns whether it was on."""
    was_on = (data_dir / FILE).exists()
    (data_dir / FILE).unlink(missing_ok=True)
    return was_on


def under_maintenance(data_dir: Path) -> Maintenance | None:
    """What is on, or None. A file that cannot be read means that it is on: whoever wrote it wanted that."""
    try:
        content = (data_dir / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError:
        return Maintenance()
    try:
        return Maintenance(until=str(json.loads(content)["until"])[:MAX_UNTIL])
    except (ValueError, KeyError, TypeError):
        return Maintenance()


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
    return _page().render(words, style=_STYLE)


def command(data_dir: Path, action: str, value: str) -> str:
    """`maintenance on|off|page`: does it and says what became of it. `value` is the time, or the file."""
    match action:
        case "on":
            switch_on(data_dir, value)
            return _TEXTS.both("maintenance.on")
        case "off":
            return _TEXTS.both("maintenance.off" if switch_off(data_dir) else "maintenance.was_off")
        case _:
            Path(value).write_text(page(under_maintenance(data_dir) or Maintenance()), encoding="utf-8")
            return _TEXTS.both("maintenance.written", path=value)


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

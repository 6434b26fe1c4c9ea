"""Pages: the Jinja environment, static files with content-hashed addresses, and their serving.

Portal, chat and console build on the templates and styles beside this module. Every page must work under
`Content-Security-Policy: default-src 'self'`: no inline script, no inline style, no request to another host.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import (
    BytecodeCache,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from eservice.kit import thai_calendar
from eservice.kit.text import DEFAULT_LANGUAGE, Catalogue

WEB_DIRECTORY = Path(__file__).parent
STATIC_DIRECTORY = WEB_DIRECTORY / "static"
TEMPLATE_DIRECTORY = WEB_DIRECTORY / "templates"
TEXT_DIRECTORY = WEB_DIRECTORY / "text"
STATIC_PREFIX = "/static"

_HASH_LENGTH = 12  # hexadecimal digits: 48 bits tell versions of one file apart
_IMMUTABLE = "public, max-age=31536000, immutable"
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_DAY_AND_MONTH = re.compile(
    rf"\d{{1,2}} (?:{'|'.join(map(re.escape, thai_calendar.MONTHS_SHORT + thai_calendar.MONTHS))})(?: \d{{4}})?"
)
_UNITS = "บาท|น\\.|วัน|เดือน|ปี|นาที|วินาที|ชม\\.|ชั่วโมง|คน|ครั้ง|คำถาม|คำตอบ|เรื่อง|อย่าง|ข้อ|แผ่น|ฉบับ|เมตร|ไร่"
_NUMBER_AND_UNIT = re.compile(rf"(?<=\d) (?=(?:{_UNITS}))|(?:(?<=หมู่)|(?<=โทร)|(?<=ข้อ)) (?=\d)")
_SYMBOL = re.compile(r'<symbol id="([a-z-]+)" viewBox="0 0 24 24">(.*?)</symbol>', re.DOTALL)


class StaticAssets:
    """The static files of several folders under one address; an earlier folder wins over a later one."""

    def __init__(self, *directories: Path) -> None:
        self.directories = directories

    def url(self, path: str) -> str:
        """The address of a file with the hash of its content. Raises FileNotFoundError for an unknown file.

        Browsers keep it for a year: a changed file has another address.
        """
        return f"{STATIC_PREFIX}/{path}?v={self.version(path)}"

    def version(self, path: str) -> str:
        """The hash in the file's address."""
        for directory in self.directories:
            file = directory / path
            if file.is_file():
                return _content_hash(file, file.stat().st_mtime_ns)
        raise FileNotFoundError(path)


class _HashedStaticFiles(StaticFiles):
    """Lets browsers keep a file for a year when it was asked for under its current hash."""

    def __init__(self, assets: StaticAssets) -> None:
        super().__init__(directory=assets.directories[0])
        self.all_directories = list(assets.directories)
        self._assets = assets

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        # Without the hash, or with an old one during an upgrade, the copy is checked again each time.
        current = response.status_code in (200, 304) and asked == self._assets.version(path)
        response.headers["Cache-Control"] = _IMMUTABLE if current else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class _CompiledTemplates(BytecodeCache):
    """What templates were compiled to, so that the portal and the console compile a shared one once.

    All environments are alike, as `create_templates` makes them. A template whose source has changed is
    compiled anew: Jinja compares the sources' checksums.
    """

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (known := self._compiled.get(bucket.key)) is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


def mount_static(app: Starlette, *directories: Path) -> None:
    """Serves the shared static files, and those of `directories`, under `/static`."""
    app.mount(STATIC_PREFIX, _HashedStaticFiles(StaticAssets(STATIC_DIRECTORY, *directories)), name="static")


def create_templates(
    *template_directories: Path,
    static_directories: tuple[Path, ...] = (),
    text_directories: tuple[Path, ...] = (),
    globals: Mapping[str, Any] | None = None,
) -> Environment:
    """The Jinja environment of one group of pages.

    Templates are looked up in `template_directories` first, then among the shared ones. `static_url` finds
    files of `static_directories` too (mount the same ones). `t(key, **parameters)` reads the catalogues of
    `text_directories` in the language of the context's `lang` ("th" when it is not given; macros see it when
    imported `with context`). A variable that was not passed is an error, never an empty string.
    """
    environment = Environment(
        loader=FileSystemLoader([*template_directories, TEMPLATE_DIRECTORY]),
        autoescape=select_autoescape(default=True),
        bytecode_cache=_COMPILED,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assets = StaticAssets(STATIC_DIRECTORY, *static_directories)
    environment.globals.update(
        static_url=assets.url,
        svg_icon=svg_icon,
        t=_text_function(Catalogue(TEXT_DIRECTORY, *text_directories)),
        **dict(globals or {}),
    )
    environment.filters.update(
        thai_date=thai_calendar.thai_date,
        thai_date_long=thai_calendar.thai_date_long,
        thai_weekday_date=thai_calendar.thai_weekday_date,
        thai_time=thai_calendar.thai_time,
        thai_datetime=thai_calendar.thai_datetime,
        keep=keep_together,
        baht=baht,
    )
    return environment


def svg_icon(name: str, size: str = "") -> Markup:
    """The inline drawing of an icon, hidden from readers: a word always stands beside it.

    `size` is "", "small" (18 px) or "large" (32 px). Raises KeyError for an unknown name.
    """
    drawing = icon_drawings()[name]
    classes = f"icon icon--{size}" if size else "icon"
    return Markup('<svg class="{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>').format(
        classes, drawing
    )


@lru_cache(maxsize=1)
def icon_drawings() -> dict[str, Markup]:
    """The inside of every icon of `icons.svg`, the one place where icons are drawn."""
    sprite = (STATIC_DIRECTORY / "icons.svg").read_text(encoding="utf-8")
    # The sprite is our own file, not input.
    return {name: Markup(drawing) for name, drawing in _SYMBOL.findall(sprite)}  # noqa: S704


def keep_together(text: object) -> str:
    """Joins numbers with what belongs to them by no-break spaces: "30 พ.ย. 2569", "500 บาท", "หมู่ 4"."""
    joined = _DAY_AND_MONTH.sub(lambda found: found[0].replace(" ", _NO_BREAK_SPACE), str(text))
    return _NUMBER_AND_UNIT.sub(_NO_BREAK_SPACE, joined)


def baht(satang: int) -> str:
    """Satang as baht: `50000` is "500 บาท", `12850` is "128.50 บาท"."""
    whole, part = divmod(satang, 100)
    return f"{whole:,}.{part:02d} บาท" if part else f"{whole:,} บาท"


def _text_function(catalogue: Catalogue) -> Callable[..., str]:
    @pass_context
    def t(context: Context, key: str, **parameters: object) -> str:
        language = context.get("lang", DEFAULT_LANGUAGE)
        return catalogue.get(key, language, **parameters)

    return t


@lru_cache(maxsize=512)
def _content_hash(file: Path, modified_ns: int) -> str:
    """The hash of a file's bytes; its time of change is part of the cache's key."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:_HASH_LENGTH]

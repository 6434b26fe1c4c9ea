"""The project's rules that no tool knows: each would decay without a check."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, _IncludedRouter  # the only name for a router within a router
from starlette.routing import BaseRoute, Mount, Route

from admin.site import routes_of
from eservice.kit.settings import Settings
from tests.source import PACKAGES, PYPROJECT, ROOT, called_name, name_of, nodes, product_files, tree_of

pytestmark = pytest.mark.xdist_group("source")  # one process reads and parses it all

COMMITTERS = {
    "eservice/kit/unit_of_work.py": "the unit of work",
    "eservice/kit/migrate.py": "migrations are not work of a service",
}
SESSION_MAKERS = {"eservice/kit/database.py"}
MACHINE_TIMES = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
}  # fmt: skip
CLOCKS = {
    "eservice/kit/clock.py": {"now"},
    "admin/faq_files.py": {"time"},
    "bot/channels/webchat/routes.py": {"time_ns"},
}
"""Who asks the machine for the time: the clock; the age of a file; the instant of a visitor's message."""

BROAD_EXCEPTS = {
    "bot/intake.py": "the intake edge",
    "bot/delivery.py": "the sending edge: a fault of rendering is shown to staff, and others go on",
    "bot/worker.py": "worker loops",
    "bot/connections.py": "the loop that takes over the channels' keys",
    "eservice/notifications/relay.py": "the relay's edge: an event that fails is put off, and others go on",
    "eservice/webhooks/sender.py": "the sending edge: it is tried again, and others go on",
    "knowledge/entries/live.py": "the loop that keeps the index fresh",
}
ENVIRONMENT_READERS = {"eservice/kit/settings.py"}

PUBLIC_ROUTES = {
    "operations": {"GET /healthz", "GET /readyz", "GET /metrics"},
    "API: what residents may see anyway": {"GET /openapi.json", "GET /docs", "GET /api/v1/faq/search"},
    "portal": {
        "GET /", "GET /faq", "GET /faq/topic/{slug:path}", "GET /faq/{key}", "GET /privacy", "GET /sitemap",
        "GET /sitemap.xml", "GET /robots.txt", "GET /chat", "GET /widget.js",
        "GET /report", "POST /report", "GET /report/send", "POST /report/send",
        "GET /figures", "GET /figures.csv", "GET /figures.json",
        "GET /office/styles.css", "GET /office/seal.png",
    },
    "begins a visitor's session": {"POST /api/v1/chat/sessions"},
    "anybody files a case, and sees how one stands": {
        "POST /api/v1/cases", "GET /api/v1/cases/categories", "GET /api/v1/cases/{number}",
    },
}  # fmt: skip
GUARDED_ROUTES = {
    "the platform's signature or secret": {"POST /webhooks/line", "POST /webhooks/telegram"},
    "the number for its state, the key for the rest": {
        "GET /track", "POST /track", "POST /track/photos", "GET /track/photos/{photo_id:int}",
        "GET /track/photos/{photo_id:int}/thumbnail",
    },
    "the case's key, opened in this browser": {
        "GET /track/personal", "POST /track/personal", "GET /track/data.json",
    },
    "a link's secret, exchanged once": {
        "GET /mydata", "POST /mydata", "GET /mydata/all", "GET /mydata/data.json",
        "GET /mydata/photos/{photo_id:int}",
    },
    "the signed token of a photo in one's form": {"GET /report/photo"},
    "the visitor's bearer token": {
        "POST /api/v1/chat/messages", "GET /api/v1/chat/messages", "GET /api/v1/chat/stream",
        "POST /api/v1/chat/attachments",
    },
    "the case's key": {
        "GET /api/v1/cases/{number}/attachments/{reference}",
        *(
            f"POST /api/v1/cases/{{number}}/{act}"
            for act in ("withdraw", "confirm", "reopen", "rating", "attachments")
        ),
    },
    "the case's key, or a partner's token": {"POST /api/v1/cases/{number}/comments"},
    "a partner's token": {
        "GET /api/v1/cases", "GET /api/v1/cases/{number}/record",
        "GET /api/v1/cases/{number}/record/attachments/{reference}",
        *(f"POST /api/v1/cases/{{number}}/{act}" for act in (
            "hand-on", "state", "propose-done", "agree-done", "merge", "split", "category", "extension",
            "record/attachments",
        )),
    },
}  # fmt: skip

LONG_FILES = {
    "eservice/migrations/versions/0001_the_first_tables.py": "generated",
    "eservice/operations/doctor.py": "one check for each thing that keeps an office from working",
    "eservice/privacy/erasure.py": "all that an erasure reaches: what is missing here stays",
    "eservice/portal/static/chat.js": "the web chat's script, loaded as one file",
    "tests/admin/test_inquiries.py": "the room's whole day, case by case",
    "tests/bot/test_complaints.py": "a case from its first word to its mark, as residents live it",
    "tests/bot/telegram/test_telegram_client.py": "one test per answer that Telegram can give",
    "tests/chat.py": "the whole of how tests speak as residents",
    "tests/complaints/test_life.py": "one state machine: its rules and invariants share what it knows",
    "tests/knowledge/test_emergency.py": "lists of cries and near-misses",
    "tests/test_conventions.py": "every rule that no tool knows, on one page",
    "tests/test_doctor.py": "one test for each thing that the doctor can find",
}
LONG = 400  # lines

UNUSED_BY_IMPORT = {
    "httptools": "uvicorn parses HTTP with it",
    "uvloop": "uvicorn's event loop",
    "python-multipart": "Starlette reads forms with it",
    "tzdata": "Asia/Bangkok on machines without a time-zone database",
}
IMPORT_NAMES = {
    "python-telegram-bot": "telegram", "line-bot-sdk": "linebot", "pydantic-settings": "pydantic_settings",
    "pillow": "PIL", "prometheus-client": "prometheus_client",
}  # fmt: skip

PACKAGE_INDEXES = {"pypi.org", "files.pythonhosted.org"}
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
LARGEST_FILE_BYTES = 600_000
WEIGHTS = (
    ".bin",
    ".onnx",
    ".pt",
    ".pth",
    ".safetensors",
    ".pkl",
    ".gguf",
    ".h5",
    ".npz",
    ".npy",
    ".zip",
    ".gz",
)


def test_only_the_unit_of_work_commits() -> None:
    assert {name_of(path) for path, node in nodes(ast.Call) if _is_call(node, "commit")} <= set(COMMITTERS)


def test_sessions_are_made_in_one_place() -> None:
    makers = {name_of(path) for path, node in nodes(ast.Call) if _is_call(node, "sessionmaker", "Session")}
    assert makers <= SESSION_MAKERS


def test_every_database_is_opened_with_the_key_that_seals_its_records() -> None:
    for path, node in nodes(ast.Call):
        if isinstance(node, ast.Call) and called_name(node) == "Database":
            assert "signing_key" in {keyword.arg for keyword in node.keywords}, name_of(path)


def test_the_time_comes_from_the_clock() -> None:
    for path, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        asked = ".".join(ast.unparse(node.func).split(".")[-2:])
        if asked in MACHINE_TIMES:
            assert asked.split(".")[1] in CLOCKS.get(name_of(path), ()), f"{name_of(path)} calls {asked}"


def test_faults_are_caught_by_name_but_at_the_edges() -> None:
    broad: set[str] = set()
    for path, node in nodes(ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        if node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"):
            broad.add(name_of(path))
    assert broad <= set(BROAD_EXCEPTS)


def test_settings_are_read_in_one_place() -> None:
    readers = {
        name_of(path)
        for path, node in nodes(ast.Attribute, ast.Name)
        if getattr(node, "attr", getattr(node, "id", "")) in ("environ", "getenv")
    }
    assert readers <= ENVIRONMENT_READERS


def test_every_setting_is_read() -> None:
    settings_file = ROOT / "eservice/kit/settings.py"
    read_elsewhere = {
        node.attr
        for path, node in nodes(ast.Attribute)
        if isinstance(node, ast.Attribute) and path != settings_file
    }
    read_by_property = {
        inner.attr
        for node in ast.walk(tree_of(settings_file))
        if isinstance(node, ast.FunctionDef) and node.name in read_elsewhere
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute)
    }
    assert set(Settings.model_fields) <= read_elsewhere | read_by_property


def test_every_route_is_listed_as_public_or_guarded(whole_app: FastAPI) -> None:
    listed = set().union(*PUBLIC_ROUTES.values(), *GUARDED_ROUTES.values())
    assert routes_of_app(whole_app) == listed


def test_the_console_is_mounted_with_its_guards(whole_app: FastAPI) -> None:
    (console,) = (
        route.app for route in whole_app.routes if isinstance(route, Mount) and route.path == "/admin"
    )
    assert isinstance(console, FastAPI)
    assert len(routes_of(console)) > 10  # create_console refuses a route without a guard


def test_no_page_asks_another_host_for_anything() -> None:
    loading = re.compile(
        r"""(?:src|srcset|action|@import|url\(|fetch\(|import)\s*[=(]?\s*["']?(?:https?:)?//"""
    )
    address = re.compile(r"""https?://[^\s"'<>)`\\]+""")
    for path in product_files(".html", ".js", ".css", ".svg"):
        text = path.read_text(encoding="utf-8")
        assert not loading.search(text), name_of(path)
        assert set(address.findall(text)) <= NAMESPACES, name_of(path)


def test_no_two_static_files_have_one_name() -> None:
    """They are served from one folder after the other: the second would never be seen."""
    folders = (ROOT / "eservice/kit/web/static", ROOT / "eservice/portal/static", ROOT / "admin/static")
    names = [file.relative_to(folder) for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert len(names) == len(set(names))


def test_vendored_files_are_those_of_the_manifest() -> None:
    static = ROOT / "eservice/kit/web/static"
    manifest = json.loads((static / "vendor.json").read_text(encoding="utf-8"))
    listed = {name: digest for package in manifest for name, digest in package["sha256"].items()}
    assert {name: sha256((static / name).read_bytes()).hexdigest() for name in listed} == listed
    scripts = {
        f"vendor/{path.name}" for path in (static / "vendor").iterdir() if path.suffix in (".js", ".css")
    }
    assert scripts <= set(listed)


def test_nothing_is_downloaded_and_no_model_is_shipped() -> None:
    for path, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        assert called_name(node) not in {"urlopen", "urlretrieve", "download", "from_pretrained"}, name_of(
            path
        )
    shipped = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    assert [name_of(path) for path in shipped if path.suffix in WEIGHTS] == []
    assert [name_of(path) for path in shipped if path.stat().st_size > LARGEST_FILE_BYTES] == []


def test_long_files_have_a_reason() -> None:
    files = [*product_files(".py", ".html", ".js", ".css"), *(ROOT / "tests").rglob("*.py")]
    long = {name_of(path) for path in files if path.read_text(encoding="utf-8").count("\n") > LONG}
    assert long <= set(LONG_FILES)
    assert all((ROOT / name).is_file() for name in LONG_FILES)


def test_every_module_says_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in product_files(".py")
        if ast.get_docstring(tree_of(path)) is None and "migrations/versions" not in name_of(path)
    ]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    files = product_files(".py", ".html", ".js", ".css")
    assert [name_of(path) for path in files if mark.search(path.read_text(encoding="utf-8"))] == []


def test_every_dependency_is_imported_or_has_a_reason() -> None:
    declared = {_bare(line) for line in PYPROJECT["project"]["dependencies"]}
    imported = {
        name.split(".")[0]
        for _, node in nodes(ast.Import, ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [getattr(node, "module", "") or ""]
        )
    }
    unused = {name for name in declared if IMPORT_NAMES.get(name, name.replace("-", "_")) not in imported}
    assert unused == set(UNUSED_BY_IMPORT)


@pytest.mark.parametrize("file_name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_those_of_the_lock(file_name: str) -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    known = {
        (package["name"], package["version"]): {
            part["hash"].removeprefix("sha256:")
            for part in [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        }
        for package in locked
        if package["name"] != PYPROJECT["project"]["name"]
    }
    required = _requirements(ROOT / file_name)
    assert all(required[pin] == known[pin] for pin in required)
    declared = list(PYPROJECT["project"]["dependencies"])
    if file_name == "requirements-dev.txt":
        declared += PYPROJECT["dependency-groups"]["dev"]
        peers = {_bare(line) for line in PYPROJECT["dependency-groups"]["benchmarks"]}
        assert {name for name, _ in set(known) - set(required)} == peers
    assert {_bare(line) for line in declared} <= {name for name, _ in required}


def test_the_lock_names_the_public_index_only() -> None:
    hosts = re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text(encoding="utf-8"))
    assert set(hosts) <= PACKAGE_INDEXES
    for file_name in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (ROOT / file_name).read_text(encoding="utf-8")


def test_documents_name_files_that_exist() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for named in re.findall(
            r"`((?:\.ci|admin|benchmarks|bot|docs|eservice|knowledge|tests)/[\w./-]*)`", text
        ):
            assert (ROOT / named).exists(), f"{name_of(page)} names {named}"
        for linked in re.findall(r"\]\((?!https?://)([^)#]+)\)", text):
            assert (page.parent / linked).exists(), f"{name_of(page)} links {linked}"


def test_the_glossary_names_code_that_exists() -> None:
    rows = re.findall(
        r"^\|.*\| (.+) \|$", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    source = "\n".join(path.read_text(encoding="utf-8") for path in product_files(".py"))
    folders = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in product_files(".py")}
    modules = "\n".join(folders | {folder.rpartition(".")[0] for folder in folders})
    for cell in rows:
        if "(to come)" in cell or "`" not in cell:
            continue
        for named in re.findall(r"`([\w.]+)`", cell):
            last = named.rpartition(".")[2]
            assert re.search(rf"\b{last}\b", source) or last in modules, f"the glossary names {named}"


def test_the_readme_lists_the_commands_that_there_are() -> None:
    told = subprocess.run(
        [sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    there_are = set(re.findall(r"^    ([a-z-]+)(?: |$)", told, re.MULTILINE))
    commands = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("## Commands")[2].partition("\n## ")[0]
    )
    rows = re.findall(r"^\| `([a-z-]+)", commands, re.MULTILINE)
    assert set(rows) == there_are
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        named = re.findall(r"python app\.py ([a-z-]+)", page.read_text(encoding="utf-8"))
        assert set(named) <= there_are, name_of(page)


def test_any_python_3_can_read_the_line_that_refuses_it() -> None:
    ast.parse((ROOT / "app.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_reading_thai_loads_no_database_and_no_web() -> None:
    question = (
        "import sys, knowledge.search, knowledge.classify, knowledge.emergency\n"
        "print(*sorted({'sqlalchemy', 'fastapi', 'starlette', 'eservice', 'bot', 'admin'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == []


def _is_call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and called_name(node) in names


def routes_of_app(app: FastAPI) -> set[str]:
    """Every route as "METHOD path"; the console and static files, which are mounted, apart."""
    return set(_routes("", app.routes))


def _routes(prefix: str, routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, _IncludedRouter):
            yield from _routes(prefix + route.include_context.prefix, route.original_router.routes)
        elif isinstance(route, APIRoute | Route):
            yield from (f"{method} {prefix}{route.path}" for method in (route.methods or set()) - {"HEAD"})
        else:
            assert isinstance(route, Mount) and route.path in ("/admin", "/static"), route


def _bare(requirement: str) -> str:
    """`pwdlib` for `pwdlib[argon2]>=0.3,<0.4`."""
    return re.split(r"[\[<>=;~! ]", requirement, maxsplit=1)[0].lower()


def _requirements(path: Path) -> dict[tuple[str, str], set[str]]:
    """The pins of a requirements file with their hashes."""
    pins: dict[tuple[str, str], set[str]] = {}
    for entry in re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8")).splitlines():
        if found := re.match(r"([\w.-]+)==([\w.!+-]+)", entry):
            pins[found[1], found[2]] = set(re.findall(r"--hash=sha256:(\w+)", entry))
    return pins

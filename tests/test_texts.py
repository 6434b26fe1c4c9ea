"""Every word a person sees: present in both languages, used, and asked for by a key that exists."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from eservice.kit.text import LANGUAGES, Catalogue
from tests.source import (
    PLACEHOLDER,
    ROOT,
    called_name,
    joined_pattern,
    name_of,
    nodes,
    product_files,
    strings_of_python,
    strings_of_templates,
)

FOLDERS = sorted(path.parent for path in product_files(".toml") if path.name == "th.toml")
CATALOGUES = {name_of(folder): Catalogue(folder) for folder in FOLDERS}
KEYS = {folder: catalogue.keys() for folder, catalogue in CATALOGUES.items()}
ALL_KEYS = frozenset(key for keys in KEYS.values() for key in keys)

READERS = frozenset({"t", "get", "both", "text", "button", "has"})
"""Functions whose first argument is a key."""

SPOKEN_WITHOUT_THAI = frozenset({"portal.other_language"})
"""Thai texts in another language, on purpose."""

NAMES = re.compile(
    r"\b(LINE|Telegram|Google Authenticator|Excel|CSV|JSONL|XLSX|FAQ|E-Service|MB|https?|Ctrl|Enter|GET|POST|JSON|API|OpenAPI)\b"
)
SECTION = re.compile(r"[a-z_]+(\.[a-z_]+)*\.")
LATIN_WORD = re.compile(r"[A-Za-z]{3,}")
THAI = re.compile(r"[ก-๙]")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
MARKUP = re.compile(
    r"<(script|style|code)\b.*?</\1>|[\w:-]+=(\"[^\"]*\"|'[^']*')|<[^>]*>|&\w+;|(?<=[\s\"])/[\w/]+| required\b",
    re.DOTALL,
)
ATTRIBUTE_BLOCK = re.compile(
    r"\{% block (\w+_(class|attributes|href)|meta) %\}.*?\{% endblock %\}", re.DOTALL
)


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_thai_and_english_have_the_same_keys_and_placeholders(folder: Path) -> None:
    catalogue = Catalogue(folder)
    thai, english = (
        {key: _placeholders(catalogue.get(key, language)) for key in catalogue.keys(language)}
        for language in LANGUAGES
    )
    assert thai == english


def test_no_key_is_declared_in_two_catalogues_of_one_page() -> None:
    for package in ("admin/", "eservice/portal", "bot/text"):
        seen: dict[str, str] = {}
        for folder, keys in KEYS.items():
            if folder.startswith((package, "eservice/text", "knowledge/")):
                for key in keys:
                    assert seen.setdefault(key, folder) == folder, f"{key} in {seen[key]} and {folder}"


def test_every_key_that_is_asked_for_exists() -> None:
    asked = _asked_in_python() | _asked_in_templates()
    assert sorted(key for key in asked if not _exists(key)) == []


def test_every_key_is_used() -> None:
    said = strings_of_python() | strings_of_templates()
    beginnings = tuple(text for text in said if SECTION.fullmatch(text))
    # Within a key a placeholder stands for one word here; for `errors` and the like see `_is_named_in_part`.
    patterns = {asked.replace(PLACEHOLDER, r"[\w-]+") for asked in _asked_in_python() | _asked_in_templates()}
    used = re.compile("|".join(sorted(patterns)))
    unused = {
        key
        for key in ALL_KEYS
        if not (
            key in said or used.fullmatch(key) or key.startswith(beginnings) or _is_named_in_part(key, said)
        )
    }
    assert unused == set()


def _is_named_in_part(key: str, said: set[str]) -> bool:
    """Whether the code names what the section's reader completes: the code of an error, the name of a flash."""
    section, _, below = key.partition(".")
    match section:
        case "errors" | "flash" | "actions":
            return below in said
        case "faults":
            return below.rpartition(".")[0] in said
        case _:
            return False


def test_chat_and_pages_say_the_date_of_an_answer_in_the_same_words() -> None:
    chat, pages = CATALOGUES["bot/text"], CATALOGUES["eservice/kit/web/text"]
    for language in LANGUAGES:
        assert chat.get("answer.date", language) == pages.get("web.checked", language)


def test_thai_texts_are_thai() -> None:
    strange = {
        f"{folder}: {key}"
        for folder, keys in KEYS.items()
        for key in keys
        if key not in SPOKEN_WITHOUT_THAI and _is_english(CATALOGUES[folder].get(key))
    }
    assert strange == set()


def test_templates_hold_no_english_words_of_their_own() -> None:
    strange = [
        f"{name_of(path)}: {word}"
        for path in product_files(".html")
        for word in LATIN_WORD.findall(_own_words(path.read_text(encoding="utf-8")))
    ]
    assert strange == []


def test_keys_are_read_from_files_that_ship() -> None:
    assert len(FOLDERS) > 5
    assert all((folder / f"{language}.toml").is_file() for folder in FOLDERS for language in LANGUAGES)
    assert ROOT / "bot" / "text" in FOLDERS


def _is_english(text: str) -> bool:
    words = NAMES.sub("", re.sub(r"\{\w+\}", "", text))
    return not THAI.search(words) and LATIN_WORD.search(words) is not None


def _own_words(template: str) -> str:
    """What a template says itself, without markup, logic and names of products."""
    for noise in (ATTRIBUTE_BLOCK, JINJA, MARKUP, NAMES):
        template = noise.sub(" ", template)
    return template


def _placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def _asked_in_python() -> set[str]:
    """Keys that Python asks a catalogue for, as regular expressions."""
    sections = {key.split(".")[0] for key in ALL_KEYS}
    asked: set[str] = set()
    for _, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if called_name(node) in READERS and node.args:
            asked |= {key for key in _keys(node.args[0]) if "." in key and key.split("\\.")[0] in sections}
        if called_name(node) == "redirect":
            flashes = [keyword.value for keyword in node.keywords if keyword.arg == "flash"]
            asked |= {r"flash\." + key for flash in flashes for key in _keys(flash)}
    return asked


def _keys(node: ast.expr) -> set[str]:
    match node:
        case ast.IfExp():
            return _keys(node.body) | _keys(node.orelse)
        case ast.Constant(value=str(text)):
            return {re.escape(text)} if not text.endswith((".html", ".toml")) else set()
        case ast.JoinedStr():
            return {joined_pattern(node)}
        case _:
            return set()


def _asked_in_templates() -> set[str]:
    """Keys that templates ask for, as regular expressions."""
    call = re.compile(r'\bt\("([^"]+)"( ~ [\w.]+)?(?: ~ "([^"]+)")?')
    return {
        re.escape(found[1]) + (PLACEHOLDER if found[2] else "") + re.escape(found[3] or "")
        for path in product_files(".html")
        for found in call.finditer(path.read_text(encoding="utf-8"))
    }


def _exists(asked: str) -> bool:
    return any(re.fullmatch(asked, key) for key in ALL_KEYS)

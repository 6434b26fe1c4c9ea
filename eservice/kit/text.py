"""The catalogue: every word a person sees, by key, in Thai and English.

Catalogues are TOML files `th.toml` and `en.toml` beside the package that speaks; keys are dotted paths of
their tables, e.g. `menu.title`. `{name}` marks a placeholder.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from eservice.kit.thai_calendar import shown_in

LANGUAGES = ("th", "en")
DEFAULT_LANGUAGE = "th"
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # nobody means to write these
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


class Catalogue:
    """The texts of one or several folders. `get` raises KeyError for an unknown key: a text is never guessed."""

    def __init__(self, *folders: Path) -> None:
        self._texts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
        for folder in folders:
            for language in LANGUAGES:
                file = folder / f"{language}.toml"
                self._texts[language].update(_texts_of(file, file.stat().st_mtime_ns))

    def get(self, key: str, language: str = DEFAULT_LANGUAGE, **parameters: object) -> str:
        """The text of `key`, its placeholders filled. An unknown language means Thai."""
        text = self._texts.get(language, self._texts[DEFAULT_LANGUAGE])[key]
        return text.format_map(parameters) if parameters else text

    def both(self, key: str, **parameters: object) -> str:
        """The text in Thai and in English, for the command line, where nobody has chosen a language.

        Instants among the parameters are shown as each language writes them.
        """
        return " / ".join(
            self.get(
                key,
                language,
                **{
                    name: shown_in(language, value) if isinstance(value, datetime) else value
                    for name, value in parameters.items()
                },
            )
            for language in LANGUAGES
        )

    def has(self, key: str) -> bool:
        """Whether the key exists."""
        return key in self._texts[DEFAULT_LANGUAGE]

    def keys(self, language: str = DEFAULT_LANGUAGE) -> frozenset[str]:
        """All keys of a language; tests compare them."""
        return frozenset(self._texts[language])


def writable(text: str) -> str:
    """What a person wrote, with plain ends of lines and without characters that no database should hold."""
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n"))


def guard_formula(text: str) -> str:
    """The text of a cell, behind an apostrophe when a spreadsheet would compute it."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_formula(text: str) -> str:
    """The inverse of `guard_formula`."""
    return text[1:] if _QUOTED_FORMULA.match(text) else text


@lru_cache(maxsize=512)
def _texts_of(file: Path, modified_ns: int) -> dict[str, str]:
    """A file's texts by their keys: several catalogues of a process share one. Its time of change is in the key."""
    return dict(_flatten(tomllib.loads(file.read_text(encoding="utf-8"))))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)

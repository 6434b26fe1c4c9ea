"""The chat on the office's existing site: one script tag, a button, and a frame of our own chat page.

Only sites that an administrator allowed may frame the chat: browsers enforce the policy that we send with
the page, and the script keeps quiet elsewhere.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from eservice.kit.text import LANGUAGES

_SOURCE = Path(__file__).with_name("widget.js")
# What goes into a header is checked where it goes in, whoever stored it.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_WORDS = ("open", "title", "unread")


def allowed_origins(stored: Sequence[object]) -> list[str]:
    """The stored origins that are well-formed."""
    return [origin for origin in stored if isinstance(origin, str) and _ORIGIN.fullmatch(origin)]


def frame_ancestors(origins: Sequence[str]) -> str:
    """Who may frame the chat, as the content policy says it."""
    return " ".join(origins) if origins else "'none'"


def widget_script(origins: Sequence[str], public_url: str, text: Callable[[str, str], str]) -> str:
    """The whole of `/widget.js`. `text(key, language)` reads the catalogue."""
    settings = {
        "home": public_url,
        "origins": list(origins),
        "words": {
            language: {word: text(f"portal.widget.{word}", language) for word in _WORDS}
            for language in LANGUAGES
        },
    }
    return f"{_SOURCE.read_text(encoding='utf-8').rstrip()}({json.dumps(settings)});\n"


def widget_snippet(public_url: str) -> str:
    """What the webmaster pastes before `</body>`; `data-lang="en"` on it makes the chat speak English."""
    return f'<script src="{public_url}/widget.js" async></script>'

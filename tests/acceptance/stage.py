"""Residents and staff as a script plays them: `says`, `taps`, `sees` over the emulator, the console over HTTP."""

import html
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from eservice.kit.text import Catalogue
from tests.acceptance.product import ROOT, Emu, Product

QUIET_SECONDS = 0.15  # no further message for so long: the answer is complete
ANSWER_SECONDS = 8.0

_TEXTS = Catalogue(ROOT / "bot/text", ROOT / "eservice/text")
_numbers = itertools.count(1)


def told(key: str) -> str:
    """The longest run of words of a text of the bot that needs no filling in: what a person surely reads."""
    return max(re.split(r"\{\w+\}", _TEXTS.get(key)), key=len).strip()


@dataclass
class Stage:
    """One run: the emulator, the product, and the problems that were provoked on purpose."""

    emu: Emu
    product: Product
    checks: int = 0
    provoked: list[str] = field(default_factory=list)

    def check(self, holds: object, message: str) -> None:
        """Counts a promise that is kept; stops at one that is not."""
        assert holds, message
        self.checks += 1

    def line(self) -> "Resident":
        """Somebody new on LINE."""
        return Resident(self, "line", f"U{next(_numbers):032x}")

    def telegram(self) -> "Resident":
        """Somebody new on Telegram."""
        return Resident(self, "tg", 10_000 + next(_numbers))

    def line_group(self) -> str:
        return f"C{next(_numbers):032x}"

    def telegram_group(self) -> int:
        return -1_000_000_000_000 - next(_numbers)

    def provoke(self, *notes: str) -> None:
        """Declares what the emulator will note, and what we made happen on purpose."""
        self.provoked += notes

    def unexpected(self) -> list[dict[str, Any]]:
        """Everything the emulator noted that nobody provoked."""
        found = self.emu.call("problems", level="warn")
        return [item for item in found if not any(note in item["note"] for note in self.provoked)]

    def calls(self, path: str, since: int = 0) -> list[dict[str, Any]]:
        """The product's calls whose path ends so."""
        entries = self.emu.call("transcript", since=since)
        return [entry for entry in entries if entry["dir"] == "api" and entry["path"].endswith(path)]

    def calls_made(self, path: str, since: int, count: int, seconds: float = 8.0) -> list[dict[str, Any]]:
        """The product's calls whose path ends so, as soon as `count` are made or the seconds are over."""
        end = time.monotonic() + seconds
        while len(calls := self.calls(path, since)) < count and time.monotonic() < end:
            time.sleep(0.1)
        return calls

    def mark(self) -> int:
        """Where the transcript stands now."""
        return len(self.emu.call("transcript"))


@dataclass
class Resident:
    """One person, privately or in a group."""

    stage: Stage
    channel: str
    address: Any
    group: Any = None
    seen: dict[Any, int] = field(default_factory=dict)

    @property
    def chat(self) -> Any:
        return self.group or self.address

    def in_group(self, group: Any) -> "Resident":
        """The same person in a group."""
        return Resident(self.stage, self.channel, self.address, group)

    def does(self, type: str, **fields: Any) -> dict[str, Any]:
        """Any event of this person; its webhook must be acknowledged."""
        result = self.stage.emu.call(self.channel, type=type, user=self.address, group=self.group, **fields)
        self.stage.check(result["status"] == 200, f"{self.channel} {type}: webhook answered {result}")
        return result

    def says(self, text: str, **fields: Any) -> dict[str, Any]:
        return self.does("text", text=text, **fields)

    def taps(self, label: str) -> dict[str, Any]:
        """Taps the newest button with this label."""
        command = "line_press" if self.channel == "line" else "tg_press"
        result = self.stage.emu.call(command, user=self.address, label=label, group=self.group)
        self.stage.check(result.get("status") == 200, f"tap on {label}: {result}")
        return result

    def fresh(self, count: int = 1, seconds: float = ANSWER_SECONDS) -> list[dict[str, Any]]:
        """What came since the last look; waits for `count` messages, then for a pause."""
        since = self.seen.get(self.chat, 0)
        messages = self.stage.emu.call(
            "wait", chat=self.chat, since=since, count=count, timeout=seconds, quiet=QUIET_SECONDS
        )
        self.seen[self.chat] = since + len(messages)
        return messages

    def sees(self, *words: str, seconds: float = ANSWER_SECONDS, why: str = "") -> list[dict[str, Any]]:
        """What came since the last look; every word must be in it."""
        messages = self.fresh(1, seconds)
        text = said(messages)
        where = f"{self.channel} {self.chat} {why}".strip()
        self.stage.check(messages, f"{where}: nothing came in {seconds} s, wanted {words}")
        for word in words:
            self.stage.check(word in text, f"{where}: {word!r} is not in {text!r}")
        return messages

    def sees_nothing(self, why: str, seconds: float = 1.2) -> None:
        messages = self.fresh(1, seconds)
        self.stage.check(not messages, f"{self.channel} {self.chat}: {why}, but got {said(messages)!r}")

    def labels(self, messages: list[dict[str, Any]]) -> list[str]:
        """The buttons of these messages, in order."""
        return labels_of(messages)


def said(node: Any) -> str:
    """Every word a person reads in these messages: texts, titles and button labels."""
    words: list[str] = []
    _collect(node, words)
    return html.unescape(re.sub(r"</?[a-z-]+>", "", "\n".join(words)))


def _collect(node: Any, words: list[str]) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("text", "label", "altText", "caption", "title") and isinstance(value, str):
                words.append(value)
            else:
                _collect(value, words)
    elif isinstance(node, list):
        for item in node:
            _collect(item, words)


def labels_of(messages: list[dict[str, Any]]) -> list[str]:
    """Labels of what can be tapped, in order."""
    found: list[str] = []

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") in ("postback", "message", "uri") and "label" in node:
                found.append(node["label"])
            if "callback_data" in node:
                found.append(node["text"])
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for item in node:
                look(item)

    look(messages)
    return found


class Console:
    """A staff member's browser, signed in by the printed one-time link."""

    def __init__(self, product: Product) -> None:
        self.client = httpx.Client(base_url=product.url, timeout=15, trust_env=False)
        link = product.staff_link()
        page = self.client.get(link, follow_redirects=True)
        assert page.status_code == 200, f"staff link answered {page.status_code}"
        enter = "/admin/link/enter"
        entered = self.client.post(enter, data=hidden_fields(page.text, enter))
        assert entered.status_code == 303, f"entering answered {entered.status_code}"

    def waiting(self) -> list[int]:
        """The numbers of the questions that wait, as the queue lists them."""
        page = self.client.get("/admin/inquiries", headers={"X-Looking": "no"})
        return sorted({int(number) for number in re.findall(r"/admin/inquiries/(\d+)", page.text)})

    def case(self, number: int) -> str:
        page = self.client.get(f"/admin/inquiries/{number}", headers={"X-Looking": "no"})
        assert page.status_code == 200, f"case {number} answered {page.status_code}"
        return page.text

    def case_about(self, words: str, seconds: float = 5.0) -> int:
        """The number of the waiting question that holds these words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number in reversed(self.waiting()):
                if words in html.unescape(self.case(number)):
                    return number
            time.sleep(0.2)
        raise AssertionError(f"no waiting question holds {words!r}")

    def answer(self, number: int, text: str, *, road: str = "wait") -> None:
        """Answers a question with the page's own form, without looking at the queue."""
        action = f"/admin/inquiries/{number}/answer"
        fields = {**hidden_fields(self.case(number), action), "text": text, "road": road}
        page = self.client.post(action, data=fields)
        assert page.status_code == 303, f"answering answered {page.status_code}: {page.text[:500]}"


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the page's form that is sent to this address."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form is not None, f"no form for {action}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))

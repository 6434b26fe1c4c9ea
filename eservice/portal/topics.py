"""Topics of the E-Service menu: how a category of the FAQ is named, drawn and addressed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

# The categories that an office usually has, with the key of their words and their icon.
_KNOWN = {
    "สวัสดิการ": ("welfare", "elder"),
    "ภาษี": ("tax", "coins"),
    "ก่อสร้างและที่ดิน": ("building", "building"),
    "ค้าขายและใบอนุญาต": ("trade", "shop"),
    "สุขภาพและสิ่งแวดล้อม": ("health", "medical"),
    "น้ำ ไฟ ถนน": ("utilities", "drop"),
    "เด็กและการศึกษา": ("children", "child"),
    "ภัยพิบัติและความช่วยเหลือ": ("disaster", "shield"),
    "ทะเบียนและบัตร": ("registry", "id-card"),
    "ข้อมูลและร้องเรียน": ("information", "document"),
    "เลือกตั้งและสภา": ("elections", "vote"),
    "ติดต่อสำนักงาน": ("office", "phone"),
}
_OTHER_ICON = "question"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One tile. `category` is its name in the FAQ; `count` its live entries."""

    category: str
    slug: str
    icon: str
    title: str
    detail: str
    count: int

    @property
    def href(self) -> str:
        """Its page."""
        return f"/faq/topic/{quote(self.slug, safe='')}"


def list_topics(categories: Sequence[tuple[str, int]], text: Callable[..., str]) -> list[Topic]:
    """The topics of the live categories, in their order. `text(key, **parameters)` speaks the page's language."""
    return [_topic(category, count, text) for category, count in categories]


def _topic(category: str, count: int, text: Callable[..., str]) -> Topic:
    if category in _KNOWN:
        key, icon = _KNOWN[category]
        title, detail = text(f"portal.topics.{key}.title"), text(f"portal.topics.{key}.detail")
        return Topic(category=category, slug=key, icon=icon, title=title, detail=detail, count=count)
    detail = text("portal.count_questions", count=count)
    return Topic(
        category=category, slug=category, icon=_OTHER_ICON, title=category, detail=detail, count=count
    )
